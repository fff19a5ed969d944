"""References: what they point to, whether it is here, and bundle-local ones made real (R4 references)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
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


def relativise(resource: Resource, base: str) -> None:
    """Turn references that name our own base into relative ones."""
    for _, reference in every(resource, ""):
        target = reference["reference"]
        if target.startswith(base + "/"):
            reference["reference"] = target[len(base) + 1 :]


def resolve(resource: Resource, names: Mapping[str, str]) -> None:
    """Replace bundle-local names (``urn:uuid:...``) by the resources they came to be.

    Raises:
        Fault: UNPROCESSABLE when a name is of no entry (R4 http.html#trules).
    """
    lost = []
    for path, reference in every(resource, resource["resourceType"]):
        target = reference["reference"]
        if target in names:
            reference["reference"] = names[target]
        elif target.startswith("urn:"):
            lost.append(Issue("not-found", "the reference names no entry of this Bundle", path))
    if lost:
        raise Fault(Category.UNPROCESSABLE, *lost)


def demand_present(resource: Resource, exists: Callable[[str, str], bool]) -> None:
    """Every relative reference must lead to something that is here.

    Raises:
        Fault: UNPROCESSABLE with one issue for each that does not.
    """
    missing = []
    for path, reference in every(resource, resource["resourceType"]):
        if issue := _missing(reference["reference"], f"{path}.reference", exists):
            missing.append(issue)
    if missing:
        raise Fault(Category.UNPROCESSABLE, *missing)


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
        return Issue("not-supported", "conditional references are not resolved here; give Type/id", path)
    return None
