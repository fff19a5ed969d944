from __future__ import annotations

import pytest

from server.fhir.bindings import RESOURCES, SHAPES
from server.fhir.primitives import FORMS
from server.fhir.xml_slots import FHIR, HOLDER, inside


def test_attributes():
    assert set(inside("Extension").attributes) == {"id", "url"}
    assert set(inside("HumanName").attributes) == {"id"}
    assert set(inside("Patient").attributes) == set()
    assert set(inside("string").attributes) == {"id", "value"}
    assert inside("Identifier").elements[f"{FHIR} value"].name == "value"


def test_a_choice_has_one_place():
    slots = inside("Observation").by_name
    assert slots["valueQuantity"].position == slots["valuePeriod"].position
    assert slots["issued"].position < slots["performer"].position < slots["valueString"].position
    assert slots["valueTime"].position < slots["dataAbsentReason"].position


def test_what_holds_a_resource_holds_any_of_the_tables():
    assert set(inside(HOLDER).by_name) == RESOURCES & SHAPES.keys()


@pytest.mark.parametrize("type_name", [*SHAPES, *FORMS])
def test_every_element_has_one_slot(type_name):
    within = inside(type_name)
    assert within.by_name.keys() == within.attributes.keys() | {
        name.partition(" ")[2] for name in within.elements
    }
    assert all(slot.type in (HOLDER, *SHAPES, *FORMS) for slot in within.by_name.values())


def test_the_tables_have_the_official_order():
    """What all resources and all their backbone elements have comes first (R4 domainresource.html)."""
    first = ["id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension"]
    for type_name in ("Device", "Observation", "OperationOutcome", "Task"):
        assert [*SHAPES[type_name].elements][:8] == first
    for type_name in SHAPES:
        if "." in type_name and type_name.partition(".")[0] in RESOURCES:
            assert [*SHAPES[type_name].elements][:3] == ["id", "extension", "modifierExtension"]
