"""Which elements a search parameter reads (R4 search parameter registry), and values to search for.

``elements.json`` has the paths of R4's own definitions (``SearchParameter.expression``), those of every type
under the empty name: choices without their type, ``[name=value]`` for a ``where``. What is a composite, or
decided by a condition, is not in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
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
_PATHS: dict[str, dict[str, list[str]]] = json.loads(Path(__file__).with_name("elements.json").read_text())
_STEP = re.compile(r"(\w+)(?:\[(\w+)=([\w-]+)\])?")
_NAMES = ("family", "city", "text", "name")
"""Which part of a name or an address is searched for."""
PARTS: dict[str, tuple[str, ...]] = {
    **{f"code-value-{kind}": ("code", f"value-{kind}") for kind in ("concept", "date", "quantity", "string")},
    **{f"combo-code-value-{kind}": ("code", f"value-{kind}") for kind in ("concept", "quantity")},
    **{
        f"component-code-value-{k}": ("component-code", f"component-value-{k}")
        for k in ("concept", "quantity")
    },
    "chromosome-variant-coordinate": ("chromosome", "variant-start", "variant-end"),
    "chromosome-window-coordinate": ("chromosome", "window-start", "window-end"),
}
"""Composite parameter -> those whose first values belong together in what is made up here."""
_NOTHING = {"date": "1850-01-01", "number": "987654321.25", "quantity": "987654321.25", "string": "Zyxwvut"}
"""What no resource has."""
_SPECIAL = re.compile(r"([\\,|$])")


def elements(type_: str, parameter: str) -> list[str]:
    """The paths of the elements; none when these checks do not know the parameter."""
    known = _OF_TYPE.get((type_, parameter)) or _ELEMENTS.get(parameter)
    listed = _PATHS.get(type_, {}).get(parameter) or _PATHS[""].get(parameter, [])
    return listed or ([known] if known else [])


def values(resource: Resource, parameter: str, kind: str = "token") -> list[str]:
    """Values by which ``parameter`` finds the resource, written as in a query."""
    parts = [
        part for path in elements(resource["resourceType"], parameter) for part in _led_to(resource, path)
    ]
    found = [value for part in parts for value in _of_kind(kind, part)]
    return [value for value in dict.fromkeys(found) if parameter != "patient" or _person(value)]


def _led_to(resource: Resource, path: str) -> list[Any]:
    parts: list[Any] = [resource]
    for name, key, wanted in _STEP.findall(path):
        parts = [inner for part in parts if isinstance(part, dict) for inner in _inside(part, name)]
        parts = [part for part in parts if not key or part.get(key) == wanted]
    return parts


def _inside(part: Resource, name: str) -> list[Any]:
    """An element, or the one of a choice that is there."""
    chosen = [key for key in part if key == name or re.fullmatch(f"{name}[A-Z][A-Za-z]*", key)]
    return _each(part[name]) if name in part else [each for key in chosen for each in _each(part[key])]


def _of_kind(kind: str, part: Any) -> Iterator[str]:
    match kind, part:
        case "date", {"start": start}:
            yield f"ge{start}"
        case ("quantity", {"value": value, "system": system, "code": code}):
            yield f"{value}|{escaped(system)}|{escaped(code)}"
        case ("number", int() | Decimal()) if not isinstance(part, bool):
            yield str(part)
        case "string", dict():
            yield from (escaped(str(part[name])) for name in _NAMES if name in part)
        case ("date" | "number" | "quantity", dict()):
            pass
        case _:
            yield from _written(part)


def other(value: str, name: str, kind: str = "token") -> str:
    """A value of the same kind that nothing has; ``name`` is one that nothing has."""
    if kind in _NOTHING:
        return _NOTHING[kind]
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
        if str(part["reference"]).startswith("#"):  # contained: nothing is found by it
            return
        yield re.sub(r"/_history/.*", "", str(part["reference"]))
    elif ":" not in part.get("system", ":"):  # of a ContactPoint: phone, email
        yield escaped(str(part["value"]))
    elif part.get("code") or part.get("value"):
        code = escaped(str(part.get("code") or part["value"]))
        yield f"{escaped(part['system'])}|{code}" if "system" in part else code


def _person(value: str) -> bool:
    """The parameter ``patient`` reads only references to a Patient."""
    return "Patient/" in value
