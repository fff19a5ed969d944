"""The compiled paths find what FHIRPath finds: asked of another engine, for every parameter and example."""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from server.fhir.definitions.parameters import PARAMETERS, Parameter
from server.fhir.definitions.types import TYPES
from server.fhir.rows.expressions import compiled, led_to
from server.fhir.rows.tree import Found, Node
from tests.fhir.rows.official import examples, needed


def values(paths, resource: dict[str, Any]) -> list[Any]:
    """What the tree meets at these paths."""
    found: list[Any] = []
    tree = Node()
    for path in paths:
        tree.add(path, lambda value, _: found.append(value))
    tree.visit(resource, Found(resource))
    return found


def ours(expression: str, type_: str, resource: dict[str, Any]) -> list[Any]:
    return values(compiled(expression, type_), resource)


# -- by hand -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "expression", "expected"),
    [
        ({"resourceType": "Task", "status": "x"}, "Task.status", ["x"]),
        ({"resourceType": "Task", "id": "x"}, "Resource.id", ["x"]),
        ({"resourceType": "Patient", "name": [{"given": ["a", None]}, {"given": ["b"]}, {}]},
         "Patient.name.given", ["a", "b"]),
        ({"resourceType": "Observation", "effectiveInstant": "t"}, "Observation.effective", ["t"]),
        ({"resourceType": "Observation", "valueQuantity": {"value": 1}},
         "(Observation.value as Quantity) | (Observation.value as SampledData)", [{"value": 1}]),
        ({"resourceType": "Observation", "valueString": "s"}, "Observation.value.as(Quantity)", []),
        ({"resourceType": "Observation", "valueCodeableConcept": {"text": "t"}, "valueString": "s"},
         "(Observation.value as string) | (Observation.value as CodeableConcept).text", ["t", "s"]),
        ({"resourceType": "Patient", "telecom": [{"system": "phone", "value": "1"}, {"system": "email"}, {}]},
         "Patient.telecom.where(system='phone')", [{"system": "phone", "value": "1"}]),
        ({"resourceType": "Bundle", "entry": [{"resource": {"id": "a"}}, {"resource": {"id": "b"}}]},
         "Bundle.entry[0].resource", [{"id": "a"}]),
        ({"resourceType": "Bundle", "entry": []}, "Bundle.entry[0].resource", []),
    ],
)  # fmt: skip
def test_constructs(resource, expression, expected):
    found = ours(expression, resource["resourceType"], resource)
    assert sorted(map(str, found)) == sorted(map(str, expected))


@pytest.mark.parametrize(
    ("told", "died"),
    [
        ({}, False),
        ({"deceasedBoolean": False}, False),
        ({"deceasedBoolean": True}, True),
        ({"deceasedDateTime": "2020"}, True),
        ({"_deceasedDateTime": {"extension": []}}, True),
    ],
)
def test_deceased(told, died):
    expression = PARAMETERS["Patient"]["deceased"].expression
    assert ours(expression, "Patient", {"resourceType": "Patient", **told}) == [died]


@pytest.mark.parametrize(
    ("reference", "type_"),
    [
        ({"reference": "Patient/p"}, "Patient"),
        ({"reference": "Patient/p/_history/2"}, "Patient"),
        ({"reference": "https://x.example/a/fhir/Patient/p"}, "Patient"),
        ({"reference": "https://x.example/Patient/p/_history/2"}, "Patient"),
        ({"reference": "Group/p", "type": "Patient"}, "Group"),
        ({"reference": "#p"}, "Patient"),
        ({"reference": "#q"}, None),
        ({"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}, None),
        ({"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "type": "Patient"}, "Patient"),
        ({"identifier": {"value": "1"}, "type": "Patient"}, "Patient"),
        ({"identifier": {"value": "1"}}, None),
        ({"display": "Zebedee"}, None),
        ({"reference": "Patient"}, None),
    ],
)
def test_what_a_reference_leads_to(reference, type_):
    root = {"resourceType": "Task", "contained": [{"resourceType": "Patient", "id": "p"}], "for": reference}
    assert led_to(reference, root) == type_
    kept = ours("Task.for.where(resolve() is Patient)", "Task", root)
    assert kept == ([reference] if type_ == "Patient" else [])


@pytest.mark.parametrize(
    "expression",
    [
        "Task.status.first()",
        "Task.status.where(use = 'x')",
        "Task.input.where(type.exists())",
        "Task.for.where(resolve() is Patient).identifier",
        "Task.nothing",
        "Task.status.code",
        "Task.input.value.as(Nothing)",
        "Task.input[1]",
        "Task.status or Task.intent",
        "Patient.name",
        "(Task.a | Task.b).c",
        "",
    ],
)
def test_what_is_not_known_is_refused_when_it_is_compiled(expression):
    with pytest.raises(ValueError, match="Task"):
        compiled(expression or "Task.", "Task")


# -- beside another engine ---------------------------------------------------------------------


def theirs(expression: str, resource: dict[str, Any]) -> list[Any]:
    """What fhirpathpy finds. It knows no resolve(), so a reference's type is read off its text here."""
    found = []
    for part in expression.split(" | "):
        plain, _, wanted = part.partition(".where(resolve() is ")
        values = _asked(plain, resource["resourceType"])(resource)
        found += [each for each in values if not wanted or _is(each, wanted.rstrip(")"), resource)]
    return found


@cache
def _asked(expression: str, type_: str) -> Any:
    """As the engine takes it: it knows no inheritance, and holds ``as`` to one value where R4 means each."""
    own = re.sub(r"^Resource\.", f"{type_}.", expression)
    each = re.sub(r"\(([\w.]+) as (\w+)\)", r"\1.as(\2)", own).replace(".as(", ".ofType(")
    engine = pytest.importorskip("fhirpathpy")
    return engine.compile(each, pytest.importorskip("fhirpathpy.models").models["r4"])


def _is(reference: dict[str, Any], type_: str, resource: dict[str, Any]) -> bool:
    literal = reference.get("reference", "")
    if literal.startswith("#"):
        return any(
            "#" + each["id"] == literal and each["resourceType"] == type_ for each in resource["contained"]
        )
    parts = literal.split("/_history/")[0].split("/")
    return (parts[-2] if len(parts) > 1 else reference.get("type")) == type_


def alike(found: list[Any]) -> Counter[str]:
    return Counter(json.dumps(each, sort_keys=True, default=_number) for each in found)


def _number(value: Any) -> Any:
    assert isinstance(value, Decimal)
    return str(value)


@needed
@pytest.mark.parametrize("type_", TYPES)
def test_every_parameter_finds_what_fhirpath_finds(type_):
    asked = [each for each in PARAMETERS[type_].values() if each.expression]
    for resource in examples(type_):
        for each in asked:
            found = ours(each.expression, type_, resource)
            assert alike(found) == alike(theirs(each.expression, resource)), (resource.get("id"), each.code)


def whole(parameter: Parameter, component: str) -> str:
    """The component as one expression from the resource on."""
    return " | ".join(
        f"{context}.{part}"
        for context in parameter.expression.split(" | ")
        for part in component.split(" | ")
    )


COMPONENTS = [
    (type_, parameter, component)
    for type_, parameters in PARAMETERS.items()
    for parameter in parameters.values()
    for component in parameter.components
]


@needed
@pytest.mark.parametrize(
    ("type_", "parameter", "component"),
    COMPONENTS,
    ids=[f"{type_}-{parameter.code}-{component.code}" for type_, parameter, component in COMPONENTS],
)
def test_every_component_finds_what_fhirpath_finds(type_, parameter, component):
    for resource in examples(type_):
        found = []
        for context in compiled(parameter.expression, type_):
            paths = compiled(component.expression, type_, context.element.type)
            for value in values([context], resource):
                found += values(paths, resource if paths[0].from_root else value)
        if component.expression.startswith("%resource"):
            expected = theirs(component.expression.replace("%resource", type_), resource)
            assert set(map(str, found)) <= set(map(str, expected))
        else:
            assert alike(found) == alike(theirs(whole(parameter, component.expression), resource))
