from __future__ import annotations

import pytest

from server.fhir.bindings import CODES, RESOURCES, SERVED, SHAPES, _element


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


def test_every_type_served_is_described():
    assert set(SERVED) <= SHAPES.keys() & RESOURCES
    assert len(RESOURCES) == 146
    assert all(CODES.values())


def test_unreadable_spelling_is_an_error():
    with pytest.raises(ValueError, match="status"):
        _element("status", "code=", {})
