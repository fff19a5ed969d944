"""Parts of resources: ``_summary`` and ``_elements`` (R4 search.html#summary, #elements).

What R4 requires and what changes the meaning of the rest always stays, and the part is marked: it must
not be written back as if it were the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from server.fhir.bindings import SHAPES, Element
from server.fhir.query.controls import Controls, Summary
from server.ports import Resource

_ALWAYS = frozenset({"resourceType", "id", "meta"})
_SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}
Part = Callable[[Resource], Resource]


def of_match(controls: Controls) -> Part | None:
    """Which part of a match is answered; None for the whole."""
    if controls.elements:
        return lambda resource: _marked(_elements(resource, controls.elements))
    return of_included(controls)


def of_included(controls: Controls) -> Part | None:
    """The same for what is included, which ``_elements`` does not touch."""
    make = _PARTS.get(controls.summary)
    return None if make is None else lambda resource: _marked(make(resource))


def _summary(resource: Resource) -> Resource:
    part = _summarised(resource, resource["resourceType"])
    return {name: value for name, value in resource.items() if name in _ALWAYS} | part


def _summarised(value: dict[str, Any], type_: str) -> dict[str, Any]:
    shape, part = SHAPES[type_], dict[str, Any]()
    for name, child in value.items():
        element = shape.elements.get(name.removeprefix("_"))
        if element is None or not (element.summary or _stays(element)):
            continue
        kept = child if name.startswith("_") else _inner(child, element.type)
        if kept or _stays(element) or not isinstance(kept, dict | list):
            part[name] = kept or child if _stays(element) else kept
    return part


def _inner(child: Any, type_: str) -> Any:
    if isinstance(child, list):
        kept = [_inner(each, type_) for each in child]
        return [each for each in kept if each != {}]
    return _summarised(child, type_) if isinstance(child, dict) and type_ in SHAPES else child


def _text(resource: Resource) -> Resource:
    return _only(resource, lambda name, element: name == "text" or element.required)


def _data(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if name != "text"}


def _elements(resource: Resource, names: Collection[str]) -> Resource:
    def asked(name: str, element: Element) -> bool:
        return name in names or element.label in names or _stays(element)

    return _only(resource, asked)


def _only(resource: Resource, wanted: Callable[[str, Element], bool]) -> Resource:
    elements = SHAPES[resource["resourceType"]].elements
    plain = ((name, name.removeprefix("_")) for name in resource)
    kept = {name for name, bare in plain if name in _ALWAYS or wanted(bare, elements[bare])}
    return {name: value for name, value in resource.items() if name in kept}


def _stays(element: Element) -> bool:
    return element.required or element.modifier


def _marked(resource: Resource) -> Resource:
    meta = resource.get("meta", {})
    return {**resource, "meta": {**meta, "tag": [*meta.get("tag", []), _SUBSETTED]}}


_PARTS: dict[Summary, Part] = {Summary.TRUE: _summary, Summary.TEXT: _text, Summary.DATA: _data}
