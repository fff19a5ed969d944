"""References: what they point to, and whether it is here (R4 references.html)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from server.errors import Category, Fault, Issue
from server.fhir.bindings import KEPT
from server.ports import Resource

_CONDITIONAL = re.compile(r"[A-Z][A-Za-z]+\?.*", re.DOTALL)
_LOCAL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[0-9]{1,10})?")


def normal(reference: str) -> str:
    """A local reference without its version; anything else as it is."""
    match = _LOCAL.fullmatch(reference)
    return f"{match[1]}/{match[2]}" if match else reference


def local(reference: str) -> tuple[str, str] | None:
    """(type, id) of a relative reference; None for contained, logical and foreign ones."""
    match = _LOCAL.fullmatch(reference)
    return (match[1], match[2]) if match else None


def every(value: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each Reference in a resource with its FHIRPath, at any depth."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield path, value
        for name, inner in value.items():
            yield from every(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from every(inner, f"{path}[{position}]")


def pointers(resource: Resource) -> list[dict[str, Any]]:
    """Each Reference in a resource, without its place: almost always nobody asks for it."""
    found: list[dict[str, Any]] = []
    level: list[Any] = [resource]
    for value in level:  # it grows while it is read
        if type(value) is list:
            level += value
        elif type(value) is dict:
            level += value.values()
            if type(value.get("reference")) is str:
                found.append(value)
    return found


def targets(references: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """``Type/id`` of everything here that they lead to, once each."""
    found = (local(reference["reference"]) for reference in references)
    return tuple(dict.fromkeys("/".join(target) for target in found if target))


def relativise(references: Iterable[dict[str, Any]], base: str) -> None:
    """Turn references that name our own base into relative ones."""
    for reference in references:
        target = reference["reference"]
        if target.startswith(base + "/"):
            reference["reference"] = target[len(base) + 1 :]


def demand_present(
    resource: Resource, references: Iterable[dict[str, Any]], exists: Callable[[str, str], bool]
) -> None:
    """Every relative reference must lead to something that is here.

    Raises:
        Fault: UNPROCESSABLE with one issue for each that does not.
    """
    if not any(_missing(each["reference"], "", exists) for each in references):
        return
    places = every(resource, resource["resourceType"])
    found = (_missing(each["reference"], f"{path}.reference", exists) for path, each in places)
    raise Fault(Category.UNPROCESSABLE, *(issue for issue in found if issue is not None))


def _missing(reference: str, path: str, exists: Callable[[str, str], bool]) -> Issue | None:
    target = local(reference)
    if target is not None and target[0] not in KEPT:
        text = f"a {target[0]} is not kept here; give its full address, its identifier, or nothing"
        return Issue("not-supported", text, path)
    if target is not None and not exists(*target):
        text = f"this {target[0]} is not here; POST it first, or in the same transaction"
        return Issue("not-found", text, path)
    if _CONDITIONAL.fullmatch(reference):
        # Stored as it is, it would be searched anew by every reader, with another answer each time.
        return Issue(
            "not-supported", "conditional references stand in a transaction only; give Type/id", path
        )
    return None
