from __future__ import annotations

import pytest

from server.fhir.bindings import KEPT, SHAPES
from server.fhir.index import PARAMETERS, patient_of, rows
from server.fhir.rules import WRITABLE
from server.query import ReferenceRow
from tests.world import BACTERIAL, EHR, LOINC, SR, observation, report, task


def found(resource):
    return {
        (row.param, "", row.target) if isinstance(row, ReferenceRow) else (row.param, row.system, row.code)
        for row in rows(resource)
    }


def test_what_is_served_can_be_searched_and_what_is_written_is_served() -> None:
    assert set(PARAMETERS) == KEPT - {"Bundle"}
    assert set(WRITABLE) <= set(PARAMETERS)
    assert set(PARAMETERS) <= SHAPES.keys()


def test_a_task() -> None:
    made = {
        **task("Patient/p", "DiagnosticReport/d", "T-1"),
        "owner": {"reference": "PractitionerRole/r/_history/3"},
    }
    assert found(made) == {
        ("identifier", EHR, "T-1"),
        ("patient", "", "Patient/p"),
        ("subject", "", "Patient/p"),
        ("code", f"{SR}/CodeSystem/task", "second-read"),
        ("status", "", "requested"),
        ("intent", "", "order"),
        ("owner", "", "PractitionerRole/r"),
        ("focus", "", "DiagnosticReport/d"),
    }


def test_an_observation_with_tag_and_label() -> None:
    made = observation("Patient/p", "26464-8", "1")
    made["meta"] = {"tag": [{"system": "x", "code": "y"}], "security": [{"code": "AIAST"}]}
    assert found(made) == {
        ("_tag", "x", "y"),
        ("_security", "", "AIAST"),
        ("patient", "", "Patient/p"),
        ("subject", "", "Patient/p"),
        ("code", LOINC, "26464-8"),
        ("status", "", "final"),
    }


def test_a_report() -> None:
    made = report("Patient/p", "PractitionerRole/r", BACTERIAL, basedOn=[{"reference": "ServiceRequest/s"}])
    assert {("results-interpreter", "", "PractitionerRole/r"), ("based-on", "", "ServiceRequest/s")} <= found(
        made
    )


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"resourceType": "Practitioner", "active": False}, {("active", "", "false")}),
        ({"resourceType": "Patient", "identifier": [{"value": "1"}]}, {("identifier", "", "1")}),
        ({"resourceType": "Patient", "identifier": [{"system": "x"}]}, set()),
        ({"resourceType": "Provenance", "target": [{"reference": "Task/t"}]}, {("target", "", "Task/t")}),
        (
            {"resourceType": "Device", "identifier": [{"system": "x", "value": "1"}]},
            {("identifier", "x", "1")},
        ),
        (
            {"resourceType": "Observation", "subject": {"reference": "Device/d"}},
            {("subject", "", "Device/d")},
        ),
        ({"resourceType": "Observation", "subject": {"identifier": {"value": "x"}}}, set()),
        ({"resourceType": "Observation", "code": {"text": "words"}}, set()),
    ],
)
def test_odd_ones(resource, expected) -> None:
    assert found(resource) == expected


@pytest.mark.parametrize(
    ("resource", "patient"),
    [
        ({"resourceType": "Patient", "id": "p"}, "Patient/p"),
        ({"resourceType": "Task", "for": {"reference": "Patient/p/_history/2"}}, "Patient/p"),
        ({"resourceType": "Observation", "subject": {"reference": "Patient/p"}}, "Patient/p"),
        ({"resourceType": "Observation", "subject": {"reference": "Group/g"}}, None),
        ({"resourceType": "Observation", "subject": {"reference": "https://x.example/Patient/p"}}, None),
        ({"resourceType": "Observation"}, None),
        ({"resourceType": "PractitionerRole"}, None),
    ],
)
def test_about_whom(resource, patient) -> None:
    assert patient_of(resource) == patient
