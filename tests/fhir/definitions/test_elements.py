from __future__ import annotations

import pytest

from server.fhir.definitions.elements import CODES, RESOURCES, SHAPES, _element
from server.fhir.definitions.types import TYPES


@pytest.mark.parametrize(
    ("owner", "name", "codes"),
    [
        ("Patient", "gender", {"male", "female", "other", "unknown"}),
        ("Patient.link", "type", {"replaced-by", "replaces", "refer", "seealso"}),
        ("HumanName", "use", {"usual", "official", "temp", "nickname", "anonymous", "old", "maiden"}),
        ("Identifier", "use", {"usual", "official", "temp", "secondary", "old"}),
        ("ContactPoint", "system", {"phone", "fax", "email", "pager", "url", "sms", "other"}),
        ("ContactPoint", "use", {"home", "work", "temp", "old", "mobile"}),
        ("Address", "use", {"home", "work", "temp", "old", "billing"}),
        ("Address", "type", {"postal", "physical", "both"}),
        ("Quantity", "comparator", {"<", "<=", ">=", ">"}),
        ("Narrative", "status", {"generated", "extensions", "additional", "empty"}),
        ("PractitionerRole.availableTime", "daysOfWeek", {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}),
        ("Task", "priority", {"routine", "urgent", "asap", "stat"}),
        ("Provenance.entity", "role", {"derivation", "revision", "quotation", "source", "removal"}),
        ("Bundle.entry.request", "method", {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}),
    ],
)
def test_required_codes(owner, name, codes):
    assert SHAPES[owner].elements[name].codes == codes


@pytest.mark.parametrize(
    ("owner", "name", "size"),
    [
        ("Observation", "status", 8),
        ("DiagnosticReport", "status", 10),
        ("Task", "status", 12),
        ("Task", "intent", 9),
        ("ServiceRequest", "status", 7),
        ("ServiceRequest", "intent", 9),
        ("Bundle", "type", 9),
        ("Device", "status", 4),
        ("OperationOutcome.issue", "code", 31),
    ],
)
def test_sizes_of_code_sets(owner, name, size):
    assert len(SHAPES[owner].elements[name].codes) == size


def test_choice_cardinality_and_targets():
    observation = SHAPES["Observation"]
    assert len(observation.choices["value"]) == 11
    assert observation.elements["valueQuantity"].label == "value"
    assert set(observation.required) == {"status", "code"}
    assert observation.elements["category"].many
    assert "Medication" not in observation.elements["subject"].targets
    assert observation.elements["focus"].targets is None
    assert SHAPES["Task.input"].required.keys() == {"type", "value"}


def test_a_content_reference_leads_to_the_element_it_names():
    assert SHAPES["Bundle.entry"].elements["link"].type == "Bundle.link"
    assert SHAPES["Observation.component"].elements["referenceRange"].type == "Observation.referenceRange"
    assert SHAPES["Parameters.parameter"].elements["part"].type == "Parameters.parameter"
    assert SHAPES["Consent.provision"].elements["provision"].type == "Consent.provision"


def test_elements_stand_in_their_official_order():
    names = list(SHAPES["Specimen"].elements)
    inherited = ["id", "meta", "implicitRules", "language", "text", "contained", "extension"]
    assert names[:7] == inherited
    assert names.index("modifierExtension") < names.index("identifier") < names.index("note")
    assert list(SHAPES["Reference"].elements) == [
        "id", "extension", "reference", "type", "identifier", "display",
    ]  # fmt: skip


def test_summary_and_modifier():
    task = SHAPES["Task"].elements
    assert {name for name, element in task.items() if element.modifier} == {
        "implicitRules", "modifierExtension", "status",
    }  # fmt: skip
    assert task["focus"].summary
    assert not task["input"].summary


def test_a_concept_is_bound_by_code_system():
    status = SHAPES["Condition"].elements["clinicalStatus"]
    assert status.codes is None
    assert status.systems == {
        "http://terminology.hl7.org/CodeSystem/condition-clinical": {
            "active", "recurrence", "relapse", "inactive", "remission", "resolved",
        }
    }  # fmt: skip


def test_what_every_type_needs_is_described():
    used = {element.type for shape in SHAPES.values() for element in shape.elements.values()}
    assert {name for name in used if name[0].isupper()} <= SHAPES.keys() | {"Resource"}
    assert TYPES.keys() <= SHAPES.keys() & RESOURCES
    assert len(RESOURCES) == 146
    assert all(codes for systems in CODES.values() for codes in systems.values())


def test_unreadable_spelling_is_an_error():
    with pytest.raises(ValueError, match="status"):
        _element("status", "code=", {})
