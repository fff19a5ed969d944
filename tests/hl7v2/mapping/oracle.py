"""HL7's v2-to-FHIR maps as rows, and what our converters do for each, found by running them.

For a row of a map, a value with everything in it is converted twice: as it is, and without the row's
component. Whatever is different then is what the component becomes.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAPS = Path(__file__).resolve().parents[4] / "shared/data/v2-to-fhir"
Leaves = Counter[tuple[str, str]]
ABSENT = "HL7's v2-to-FHIR maps are not at ../shared/data"


@dataclass(frozen=True)
class Target:
    """A row that has a FHIR attribute."""

    map: str
    source: str
    """``PID-5`` or ``XPN.2``."""
    element: str
    kind: str
    """Data type map."""
    constant: str
    """What is assigned; empty: the value."""

    @property
    def at(self) -> int | None:
        """None: it is of the whole."""
        found = re.search(r"[-.](\d+)$", self.source)
        return int(found[1]) if found else None

    @property
    def name(self) -> tuple[str, str, str]:
        return self.map, self.source, self.element


def targets(kind: str, name: str) -> Iterator[Target]:
    """``kind``: ``segments`` or ``datatypes``."""
    (path,) = (each for each in (MAPS / kind).glob("*.csv") if f" {name} " in each.name)
    for row in list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))[2:]:
        cells = [*(each.strip() for each in row), *[""] * 17]
        if cells[9]:
            # A few cells hold the assignment too.
            element, _, assigned = cells[9].partition("=")
            yield Target(
                name, cells[1], plain(element), cells[14], (cells[16] or assigned).strip().strip('"')
            )


def plain(element: str) -> str:
    """Without repetitions, blanks and the reference that leads to another resource."""
    bare = (
        re.sub(r"\[[^\].]*\]?", "", element.replace(" ", ""))
        .lstrip(".")
        .replace("extension.uri", "extension.url")
    )
    bare = bare.replace("(Annotation.text)", ".text").replace(
        "device(Device.identifier)", "device.identifier"
    )
    bare = re.sub(r"\((Practitioner(Role)?|Organization|Location)\)", "", bare)
    bare = re.sub(
        r"\(PractitionerRole\.(practitioner(\(Practitioner\))?|organization(\(Organization\))?)\)", "", bare
    )
    return bare.removesuffix(".$value")


@dataclass(frozen=True)
class Code:
    map: str
    code: str
    target: str
    system: str


def codes(name: str) -> Iterator[Code]:
    (path,) = (each for each in (MAPS / "codesystems").glob("*.csv") if f" {name} -" in each.name)
    for row in list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))[2:]:
        cells = [*(each.strip() for each in row), *[""] * 12]
        # One map has a column less.
        system = next((each for each in cells[8:11] if each.startswith(("http", "urn"))), "")
        if cells[0]:
            yield Code(name, cells[0], cells[6], system)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, value) of every leaf; a primitive's extensions stand under its own name."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key.removeprefix('_')}".lstrip("."))
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, path)
    else:
        yield path, str(value)


def supplied(convert: Callable[[str], Any], whole: str, at: int | None, separator: str) -> Leaves:
    """The leaves that the part ``at`` of ``whole`` brings; all of them where no part is named."""
    if at is None:
        return Counter(leaves(convert(whole)))
    parts = whole.split(separator)
    if len(parts) < at:
        return Counter()
    without = separator.join([*parts[: at - 1], "", *parts[at:]])
    return Counter(leaves(convert(whole))) - Counter(leaves(convert(without)))


def reached(target: Target, found: Leaves) -> bool:
    """The element is among them, as the value or with it inside; a constant must be that constant."""
    hits = [
        (path, value)
        for path, value in found
        if path == target.element or path.startswith(f"{target.element}.")
    ]
    if target.element in ("$value", "$this", ""):
        hits = list(found)
    if re.match(r"(https?:|urn:|[\w-]+$)", target.constant) and "+" not in target.constant:
        return any(value == target.constant.rstrip("/") for _, value in hits)
    return bool(hits)
