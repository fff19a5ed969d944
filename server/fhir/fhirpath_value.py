"""The value of an operation of a FHIRPath Patch, as it stands in JSON (R4 fhirpatch.html#anonymous)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.errors import Category, Fault, fault
from server.fhir.bindings import SHAPES, Element
from server.ports import Resource

_ALIKE = {"SimpleQuantity": "Quantity"}


@dataclass(frozen=True, slots=True)
class Value:
    """What goes into the resource."""

    plain: Any
    companion: Any = None
    """Extensions of a primitive."""


def built(part: Resource, owner: str, name: str) -> tuple[str, Element, Value]:
    """(JSON name, element, value) for the element ``name`` of the type ``owner``.

    Raises:
        Fault: UNPROCESSABLE when there is no such element, or the value is of another type.
    """
    candidates = _elements(owner, name)
    if not candidates:
        raise _wrong("R4 has no element of this name there", "structure")
    if "part" in part:
        return _anonymous(part["part"], candidates)
    if "resource" in part:
        return _fitting(candidates, "Resource", Value(part["resource"]))
    json_name = next((each.lstrip("_") for each in part if each.lstrip("_").startswith("value")), None)
    if json_name is None:
        raise _wrong("value is given as value[x], or by parts", "required")
    value = Value(part.get(json_name), part.get(f"_{json_name}"))
    return _fitting(candidates, json_name.removeprefix("value"), value)


def present(held: Resource, owner: str, name: str) -> bool:
    """Whether an element of this name, of whichever type, is there."""
    return any(each in held or f"_{each}" in held for each in _elements(owner, name))


def _elements(owner: str, name: str) -> dict[str, Element]:
    """By JSON name; several for a choice: ``value`` is valueQuantity, valueString and so on."""
    shape = SHAPES.get(owner)
    found = shape.elements.items() if shape else ()
    return {json_name: each for json_name, each in found if name in (each.label, json_name)}


def _fitting(candidates: dict[str, Element], kind: str, value: Value) -> tuple[str, Element, Value]:
    for json_name, element in candidates.items():
        type_ = _ALIKE.get(element.type, element.type)
        if type_[:1].upper() + type_[1:] == kind:
            return json_name, element, value
    accepted = ", ".join(sorted({each.type for each in candidates.values()}))
    raise _wrong(f"the type of the value is not that of the element: {accepted}", "structure")


def _anonymous(parts: list[Resource], candidates: dict[str, Element]) -> tuple[str, Element, Value]:
    """An element whose type has no name of its own comes in parts, one for each of its elements."""
    [(json_name, element), *others] = candidates.items()
    if others:
        raise _wrong("a choice of types is given as value[x]", "structure")
    whole: dict[str, Any] = {}
    for each in parts:
        name, inner, value = built(each, element.type, str(each.get("name", "")))
        if inner.many:
            whole.setdefault(name, []).append(value.plain)
            whole.setdefault(f"_{name}", []).append(value.companion)
        elif present(whole, element.type, str(each["name"])):
            raise _wrong("a part that does not repeat is given twice", "structure")
        else:
            whole |= {name: value.plain, f"_{name}": value.companion}
    return json_name, element, Value({name: part for name, part in whole.items() if _says_anything(part)})


def _says_anything(part: Any) -> bool:
    return part is not None and not (isinstance(part, list) and all(each is None for each in part))


def _wrong(text: str, code: str) -> Fault:
    return fault(Category.UNPROCESSABLE, code, text)
