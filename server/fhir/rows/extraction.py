"""The rows of a resource: every search parameter of its type, compiled when the type is first met.

``_id`` and ``_lastUpdated`` need none: the store knows both. Parameters on no element (``_text``,
``_list``), on a position (``near``) or on a resource within (``Bundle.composition``) have none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from server.fhir.definitions.elements import Element
from server.fhir.definitions.parameters import PARAMETERS, Parameter
from server.fhir.rows import dates, numbers, phonetics, references, texts, tokens
from server.fhir.rows.expressions import Path, compiled
from server.fhir.rows.tree import Emit, Found, Node
from server.ports import Resource
from server.query import ReferenceRow, Row

_Maker = Callable[[str], Emit]
_STORED = frozenset({"_id", "_lastUpdated"})

CONVERTERS: Mapping[str, Mapping[str, _Maker | None]] = {
    "token": {
        **dict.fromkeys(("code", "id", "string", "uri"), tokens.plain),
        "boolean": tokens.boolean,
        "Coding": tokens.coding,
        "CodeableConcept": tokens.concept,
        "ContactPoint": tokens.contact,
        "Identifier": tokens.identifier,
    },
    "uri": {**dict.fromkeys(("uri", "url"), tokens.plain), "canonical": tokens.canonical},
    "reference": {
        "Reference": references.reference,
        "canonical": references.canonical,
        "Attachment": None,
        "Resource": None,
    },
    "string": {
        **dict.fromkeys(("string", "markdown"), texts.plain),
        "HumanName": texts.name,
        "Address": texts.address,
    },
    "phonetic": {"string": phonetics.text, "HumanName": phonetics.name},
    "date": {
        **dict.fromkeys(("date", "dateTime", "instant"), dates.moment),
        "Period": dates.period,
        "Timing": dates.timing,
    },
    "number": {
        **dict.fromkeys(("decimal", "integer", "positiveInt", "unsignedInt"), numbers.number),
        "Range": numbers.range_,
    },
    "quantity": {
        **dict.fromkeys(("Quantity", "SimpleQuantity", "Age", "Duration"), numbers.quantity),
        "Range": numbers.range_,
        "SampledData": None,
    },
}
"""How a search reads a datatype; None where R4 names a pair that has no value to search."""


def rows(resource: Resource) -> tuple[Row, ...]:
    """All searchable values of a valid resource, each once."""
    found = Found(resource)
    _tree(resource["resourceType"]).visit(resource, found)
    return tuple(dict.fromkeys(found.rows))


def led_to_by(resource: Resource) -> Mapping[str, list[str]]:
    """What the references of each parameter lead to: ``Type/id`` or an address."""
    found: dict[str, list[str]] = {}
    for row in rows(resource):
        if isinstance(row, ReferenceRow) and row.target and not row.part:
            found.setdefault(row.param, []).append(row.target)
    return found


def searchable(type_: str) -> Mapping[str, Parameter]:
    """The parameters of a type that have rows."""
    return {code: each for code, each in PARAMETERS[type_].items() if code in _emits(type_)}


@cache
def leaves(type_: str, code: str) -> tuple[Element, ...]:
    """The elements that a parameter finds its values in, a choice of types as one element each."""
    return tuple(path.element for path in compiled(PARAMETERS[type_][code].expression, type_))


@cache
def component_leaves(type_: str, code: str) -> tuple[tuple[Element, ...], ...]:
    """The same for each component of a composite parameter."""
    parameter = PARAMETERS[type_][code]
    contexts = [element.type for element in leaves(type_, code)]
    return tuple(
        tuple(path.element for context in contexts for path in compiled(component.expression, type_, context))
        for component in parameter.components
    )


@cache
def _tree(type_: str) -> Node:
    root = Node()
    for emits in _emits(type_).values():
        for path, emit in emits:
            root.add(path, emit)
    return root


@cache
def _emits(type_: str) -> Mapping[str, list[tuple[Path, Emit]]]:
    made = {
        code: _made(type_, parameter)
        for code, parameter in PARAMETERS[type_].items()
        if parameter.expression and parameter.type != "special" and code not in _STORED
    }
    return {code: emits for code, emits in made.items() if emits}


def _made(type_: str, parameter: Parameter) -> list[tuple[Path, Emit]]:
    paths = compiled(parameter.expression, type_)
    if parameter.type == "composite":
        return [(path, _composite(type_, parameter, path.element.type)) for path in paths]
    if parameter.code == "_source":
        return [(path, tokens.source(parameter.code)) for path in paths]
    kind = "phonetic" if parameter.usage == "phonetic" else parameter.type
    return _converted(parameter.code, kind, paths)


def _converted(param: str, kind: str, paths: tuple[Path, ...]) -> list[tuple[Path, Emit]]:
    found = [(path, CONVERTERS[kind][path.element.type]) for path in paths]
    return [(path, maker(param)) for path, maker in found if maker is not None]


def _composite(type_: str, parameter: Parameter, context: str) -> Emit:
    """Each value that has all components is one part; their rows are named ``code.0``, ``code.1``."""
    code, components = parameter.code, []
    for number, each in enumerate(parameter.components):
        inner, outer = Node(), Node()
        paths = compiled(each.expression, type_, context)
        for path, one in _converted(f"{code}.{number}", each.type, paths):
            (outer if path.from_root else inner).add(path, one)
        components.append((inner, outer))

    def emit(value: Resource, found: Found) -> None:
        before = len(found.rows)
        found.part = found.parts[code] = found.parts.get(code, 0) + 1
        for inner, outer in components:
            held = len(found.rows)
            inner.visit(value, found)
            outer.visit(found.root, found)
            if len(found.rows) == held:
                del found.rows[before:]
                break
        found.part = 0

    return emit
