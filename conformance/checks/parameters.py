"""Which element a search parameter reads (R4 search parameter registry), and values to search for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance.peers.codes import Resource

_ELEMENTS = {
    "_id": "id",
    "_tag": "meta.tag",
    "_security": "meta.security",
    "_profile": "meta.profile",
    "active": "active",
    "based-on": "basedOn",
    "business-status": "businessStatus",
    "category": "category",
    "code": "code",
    "encounter": "encounter",
    "focus": "focus",
    "gender": "gender",
    "identifier": "identifier",
    "intent": "intent",
    "organization": "organization",
    "owner": "owner",
    "part-of": "partOf",
    "patient": "subject",
    "performer": "performer",
    "practitioner": "practitioner",
    "priority": "priority",
    "requester": "requester",
    "results-interpreter": "resultsInterpreter",
    "role": "code",
    "specialty": "specialty",
    "status": "status",
    "subject": "subject",
    "target": "target",
}
_OF_TYPE = {
    ("Task", "patient"): "for",
    ("Task", "subject"): "for",
    ("Task", "performer"): "performerType",
    ("Organization", "type"): "type",
    ("Device", "patient"): "patient",
    ("Device", "type"): "type",
}
"""Where a type says it in another element than the rest."""
_SPECIAL = re.compile(r"([\\,|$])")


def element(type_: str, parameter: str) -> str:
    """The path of the element; empty when these checks do not know the parameter."""
    return _OF_TYPE.get((type_, parameter)) or _ELEMENTS.get(parameter, "")


def values(resource: Resource, parameter: str) -> list[str]:
    """Values by which ``parameter`` finds the resource, written as in a query."""
    path = element(resource["resourceType"], parameter)
    parts: list[Any] = [resource]
    for name in path.split("."):
        parts = [inner for part in parts for inner in _each(part.get(name))]
    return [value for part in parts for value in _written(part) if parameter != "patient" or _person(value)]


def other(value: str, name: str) -> str:
    """A value of the same kind that nothing has; ``name`` is one that nothing has."""
    if value in ("true", "false"):
        return "false" if value == "true" else "true"
    head, bar, _ = value.rpartition("|")
    if bar:
        return f"{head}|{name}"
    type_, slash, _ = value.rpartition("/")
    return f"{type_}/{name}" if slash and "://" not in value else name


def escaped(text: str) -> str:
    r"""``,`` ``|`` ``$`` and ``\`` in a value, as R4 search.html#escaping asks."""
    return _SPECIAL.sub(r"\\\1", text)


def _each(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _written(part: Any) -> Iterator[str]:
    """A code, boolean or uri; a Coding, an Identifier, a CodeableConcept or a Reference."""
    if isinstance(part, bool):
        yield str(part).lower()
    elif isinstance(part, str):
        yield escaped(part)
    elif "coding" in part:
        for coding in part["coding"]:
            yield from _written(coding)
    elif "reference" in part:
        yield re.sub(r"/_history/.*", "", str(part["reference"]))
    elif part.get("code") or part.get("value"):
        code = escaped(str(part.get("code") or part["value"]))
        yield f"{escaped(part['system'])}|{code}" if "system" in part else code


def _person(value: str) -> bool:
    """The parameter ``patient`` reads only references to a Patient."""
    return "Patient/" in value
