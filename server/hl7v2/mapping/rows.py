"""The tables' one shape, and how a segment (or a value, whose components are its fields) is read by one.

An element path has names between points. ``name+``: one more item of a list for each repetition;
``extension{patient-birthTime}``: the extension of that URL, HL7's own by their last part; ``*``: the value's
own elements, beside the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.message import NULL, Repetition, Segment

Convert = Callable[[Repetition, Making, str], Any]
"""(value, sheet, place) -> what FHIR has for it; None: nothing, and a note says why where something stood."""

_STEP = re.compile(r"(?P<name>\w+)(?:(?P<more>\+)|\{(?P<url>[^}]+)\})?(?:\.|$)")
EXTENSION = "http://hl7.org/fhir/StructureDefinition/"


@dataclass(frozen=True, slots=True)
class Row:
    """One field or component, and the element that it becomes."""

    source: str
    """``PID-5`` or ``XPN.2``."""
    element: str
    convert: Convert
    kind: str = ""
    """The data type map that ``convert`` is: ``XPN[HumanName]``; empty: the value as it stands."""
    many: bool = False
    """All repetitions; else the first, and a note where there are more."""
    when: Callable[[Segment], bool] | None = None

    @property
    def at(self) -> int:
        return int(re.split(r"[-.]", self.source)[1])


Table = tuple[Row, ...]


def fill(table: Iterable[Row], segment: Segment, making: Making, where: str = "") -> Json:
    """What ``segment`` says by ``table``. ``where``: the place, if the segment is a value within another."""
    resource: Json = {}
    for row in table:
        found = segment.repetitions(row.at)
        if not found or (row.when is not None and not row.when(segment)):
            continue
        place = where or row.source
        if len(found) > 1 and not row.many:
            making.note("only the first repetition is used", place)
        for each in found if row.many else found[:1]:
            value = (
                None if each.raw() == NULL and len(each.components) == 1 else row.convert(each, making, place)
            )
            if value is not None:
                put(resource, row.element, value)
    return resource


def parts(value: Repetition, type_: str) -> Segment:
    """A value whose components are read as fields."""
    fields = tuple((value.part(at),) for at in range(1, len(value.components) + 1))
    return Segment(type_, fields, 0)


def put(resource: Json, path: str, value: Any) -> None:
    """``value`` where ``path`` says; what stands there already is kept."""
    if path == "*":
        _merge(resource, value)
        return
    steps = list(_STEP.finditer(path))
    place: Json = resource
    for step in steps[:-1]:
        place = _enter(place, step)
    last = steps[-1]
    if last["more"]:
        place.setdefault(last["name"], []).append(value)
    else:
        place.setdefault(last["name"], value)


def _enter(place: Json, step: re.Match[str]) -> Json:
    name = step["name"]
    if step["url"]:
        url = step["url"] if ":" in step["url"] else EXTENSION + step["url"]
        known: list[Json] = place.setdefault(name, [])
        return next((each for each in known if each.get("url") == url), None) or _appended(
            known, {"url": url}
        )
    if step["more"]:
        return _appended(place.setdefault(name, []), {})
    inner: Json = place.setdefault(name, {})
    return inner


def _merge(resource: Json, value: Json) -> None:
    for key, each in value.items():
        if isinstance(each, list):
            resource.setdefault(key, []).extend(each)
        else:
            resource.setdefault(key, each)


def _appended(items: list[Json], item: Json) -> Json:
    items.append(item)
    return item
