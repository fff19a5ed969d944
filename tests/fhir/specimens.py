"""Small resources, one for each thing that the tables of R4 allow: an element, a primitive, a pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from server.fhir.bindings import RESOURCES, SERVED, SHAPES, Element
from server.fhir.primitives import FORMS

Wrap = Callable[[Any], dict[str, Any]]
"""A value of one type -> a whole resource that holds it."""

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'
EXTENDED = {"extension": [{"url": "http://example.org/x", "valueString": "x"}]}
UUID = "urn:uuid:6ec55b25-3fb8-4f2e-9f3c-2b0d6a2c9c11"
VALUES: dict[str, tuple[Any, ...]] = {
    "base64Binary": ("aGVsbG8=", "aGVs\r\nbG8="),
    "boolean": (True, False),
    "canonical": ("http://example.org/x|1", "#a"),
    "code": ("a", "a b"),
    "date": ("2024", "2024-02", "2024-02-29"),
    "dateTime": ("2024-02", "2024-02-29T10:00:00.123456789+14:00", "0001-01-01T00:00:00+14:00"),
    "decimal": (0, Decimal("1.10"), Decimal("1E+20"), Decimal("1" + "0" * 40), Decimal("-0")),
    "id": ("a", "x" * 64),
    "instant": ("2024-02-29T10:00:00Z", "9999-12-31T23:59:59.5-14:00"),
    "integer": (0, 2**31 - 1, -(2**31)),
    "markdown": (" a\n\tb ",),
    "oid": ("urn:oid:1.2.3",),
    "positiveInt": (1, 2**31 - 1),
    "string": ("a", " ", "ä\n\u00a0\U0001f600"),
    "time": ("10:00:00", "23:59:59.999"),
    "unsignedInt": (0, 2**31 - 1),
    "uri": ("http://example.org", "urn:oid:1.2", "x", "ä", "http://[::1]/", "%"),
    "url": ("mailto:a@example.org", "/a"),
    "uuid": (UUID,),
    "xhtml": (DIV,),
}
_OFTEN = 8
"""After so many elements of one primitive, only what may differ from element to element is tried."""
REFERENCES = ({"display": "x"}, {"identifier": {"value": "1"}}, {"reference": UUID})
MINIMAL: dict[str, dict[str, Any]] = {
    "Age": {"value": 1, "code": "a", "system": "http://unitsofmeasure.org"},
    "ContactPoint": {"system": "phone", "value": "1"},
    "Distance": {"value": 1, "code": "m", "system": "http://unitsofmeasure.org"},
    "Element": {"id": "x"},
    "Extension": {"url": "http://example.org/x", "valueString": "x"},
    "Meta": {"source": "http://example.org"},
    "Narrative": {"status": "generated", "div": DIV},
    "Observation.referenceRange": {"text": "x"},
    "Organization": {"resourceType": "Organization", "name": "x"},
    "Patient.contact": {"name": {"text": "x"}},
    "Ratio": {"numerator": {"value": 1}, "denominator": {"value": 2}},
}
"""Types that an invariant asks more of than their elements do."""


def specimens() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with a name that says what of it is tried; a type is tried at the first place it is met."""
    met: Counter[str] = Counter()
    for kind in SERVED:
        yield from _of_type(kind, lambda value: value, met)
    for kind in sorted((RESOURCES & SHAPES.keys()) - met.keys()):
        yield from _of_type(kind, _contained, met)


def _contained(held: dict[str, Any]) -> dict[str, Any]:
    task = {"resourceType": "Task", "status": "requested", "intent": "order"}
    return task | {"contained": [{"id": "a"} | held], "focus": {"reference": "#a"}}


def _of_type(kind: str, wrap: Wrap, met: Counter[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    met[kind] += 1
    if met[kind] > 1:
        return
    yield kind, wrap(_minimal(kind))
    for name, element in SHAPES[kind].elements.items():
        if element.type == "Resource":
            continue
        others = {other for group in SHAPES[kind].choices.values() if name in group for other in group}
        beside = {key: value for key, value in _minimal(kind).items() if key not in others | {name}}
        within = _within(wrap, beside)
        if element.type in FORMS:
            met[element.type] += 1
            yield from _of_primitive(f"{kind}.{name}", element, within, often=met[element.type] > _OFTEN)
        else:
            for number, value in enumerate(_values(element)):
                yield f"{kind}.{name} {number}", within({name: _many(value, element)})
            yield from _of_type(element.type, _put(wrap, beside, name, many=element.many), met)


def _within(wrap: Wrap, beside: dict[str, Any]) -> Wrap:
    return lambda more: wrap(beside | more)


def _put(wrap: Wrap, beside: dict[str, Any], name: str, *, many: bool) -> Wrap:
    return lambda value: wrap(beside | {name: [value] if many else value})


def _of_primitive(
    label: str, element: Element, wrap: Wrap, *, often: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    name, value = label.rpartition(".")[2], _values(element)[0]
    yield f"{label} extended", wrap({name: _many(value, element), f"_{name}": _many(EXTENDED, element)})
    if often and not element.required:  # what it may hold has been tried elsewhere
        return
    yield f"{label} extended alone", wrap({f"_{name}": _many(EXTENDED, element)})
    for number, each in enumerate(_values(element)):
        yield f"{label} {number}", wrap({name: [each, each] if element.many else each})
    marked = _many({"id": "x"}, element)
    yield f"{label} with an id", wrap({name: _many(value, element), f"_{name}": marked})
    yield f"{label} with an id alone", wrap({f"_{name}": marked})
    if element.many:
        yield f"{label} in turn", wrap({name: [value, None], f"_{name}": [None, EXTENDED]})


def _many(value: Any, element: Element) -> Any:
    return [value] if element.many else value


def _values(element: Element) -> tuple[Any, ...]:
    if element.type == "Reference":
        named = ({"reference": f"{kind}/1"} for kind in sorted(element.targets or {"Patient"})[:2])
        return (*REFERENCES, *named)
    if element.type not in FORMS:
        return (_minimal(element.type),)
    return VALUES[element.type] if element.codes is None else tuple(sorted(element.codes)[:2])


def _minimal(kind: str) -> dict[str, Any]:
    """A value of a type with what must be there, or else with some text."""
    if kind in MINIMAL:
        return dict(MINIMAL[kind])
    shape = SHAPES[kind]
    found = {
        names[0]: _many(_values(shape.elements[names[0]])[0], shape.elements[names[0]])
        for names in shape.required.values()
    }
    if kind in RESOURCES:
        return {"resourceType": kind} | found
    return found or dict(EXTENDED)
