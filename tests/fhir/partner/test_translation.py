"""A partner's resource as it is taken in here."""

from __future__ import annotations

from copy import deepcopy

from server.fhir.partner.names import here, key_of, source, target
from server.fhir.partner.translation import as_asked, is_our_own, translated

BASE = "https://ehr.example/fhir"
REPORT = {
    "resourceType": "DiagnosticReport",
    "id": "dr1",
    "meta": {"versionId": "3", "lastUpdated": "x", "source": "urn:theirs", "profile": ["http://p.example"]},
    "subject": {"reference": "Patient/p1"},
    "result": [{"reference": f"{BASE}/Observation/o1/_history/2"}],
    "encounter": {"reference": "Encounter/e1"},
    "performer": [
        {"reference": "https://other.example/fhir/Practitioner/x"},
        {"reference": "#here"},
        {"reference": "urn:uuid:1"},
        {"identifier": {"value": "7"}},
    ],
}
FETCHED = {"DiagnosticReport/dr1", "Patient/p1", "Observation/o1"}


def test_references_lead_to_what_came_along() -> None:
    before = deepcopy(REPORT)
    made = translated(REPORT, BASE, FETCHED)
    assert before == REPORT
    assert made["id"] == here(BASE, "DiagnosticReport/dr1")
    assert made["subject"]["reference"] == f"Patient/{here(BASE, 'Patient/p1')}"
    assert made["result"][0]["reference"] == f"Observation/{here(BASE, 'Observation/o1')}"


def test_what_did_not_come_is_named_by_its_address_there_and_others_are_left() -> None:
    made = translated(REPORT, BASE, FETCHED)
    assert made["encounter"]["reference"] == f"{BASE}/Encounter/e1"
    assert made["performer"] == REPORT["performer"]


def test_the_version_it_was_is_kept() -> None:
    made = translated(REPORT, BASE, FETCHED)
    kept = {"profile": ["http://p.example"], "source": f"{BASE}/DiagnosticReport/dr1/_history/3"}
    assert made["meta"] == kept
    assert source(BASE, {"resourceType": "Patient", "id": "p1"}) == f"{BASE}/Patient/p1"


def test_two_partners_never_share_an_id() -> None:
    assert here(BASE, "Patient/p1") != here("https://ris.example/fhir", "Patient/p1")
    assert here(BASE, "Patient/p1") == here(BASE, "Patient/p1")


def test_keys_are_of_what_lies_below_the_base_only() -> None:
    assert key_of("Patient/p1", BASE) == key_of(f"{BASE}/Patient/p1/_history/4", BASE) == "Patient/p1"
    for other in (
        "https://other.example/fhir/Patient/p1",
        "#a",
        "urn:uuid:1",
        "Patient?name=x",
        "/Patient/p1",
    ):
        assert key_of(other, BASE) is None
    assert target({"subject": {"reference": "Patient/p1"}}, "subject", BASE) == "Patient/p1"
    for odd in (7, [], {}, {"reference": 7}, None):
        assert target({"subject": odd}, "subject", BASE) is None


def test_a_task_is_as_its_placer_asked_whatever_has_been_written_on_it() -> None:
    asked = {"resourceType": "Task", "status": "requested", "focus": {"reference": "DiagnosticReport/dr1"}}
    contained = [{"resourceType": "Practitioner", "id": "a"}]
    answered = {
        **asked,
        "id": "t1",
        "status": "accepted",
        "statusReason": {"text": "x"},
        "businessStatus": {"text": "x"},
        "lastModified": "2026-01-05T09:00:00Z",
        "output": [{"type": {"text": "x"}}],
        "contained": [{"resourceType": "OperationOutcome", "id": "oo"}],
    }
    assert as_asked(answered) == asked
    mixed = {**answered, "contained": [*answered["contained"], *contained]}  # type: ignore[misc]
    assert as_asked(mixed)["contained"] == contained


def test_our_own_results_are_no_evidence() -> None:
    ours = {"identifier": [{"system": "https://second-reader.example/fhir/opinion", "value": "1"}]}
    assert is_our_own(ours)
    for other in ({}, {"identifier": 7}, {"identifier": [7]}, {"identifier": [{"system": "urn:x"}]}):
        assert not is_our_own(other)
