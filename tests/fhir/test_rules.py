from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.errors import Category, Fault
from server.fhir.rules import VERSION_AWARE, WRITABLE, on_any, on_update
from tests.world import EHR, SR, Coding, coded, observation, report, task

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ORDER = {**task("Patient/p", "DiagnosticReport/d"), "id": "t"}
READ = {
    **ORDER,
    "code": coded(Coding(f"{SR}/CodeSystem/task", "specialist-read")),
    "status": "accepted",
    "identifier": [{"system": f"{SR}/referral-task", "value": "x"}],
}
PLAIN = {"resourceType": "Task", "id": "t", "status": "requested", "intent": "order"}


def refusal(act: Any, *arguments: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(Fault) as caught:
        act(*arguments)
    return [(caught.value.category.name, each.code, each.path) for each in caught.value.issues]


def at(**span: float) -> str:
    return (NOW + timedelta(**span)).isoformat()


def test_what_needs_if_match_can_be_written() -> None:
    assert set(WRITABLE) > VERSION_AWARE


@pytest.mark.parametrize(
    "resource",
    [
        ORDER,
        READ,
        observation("Patient/p", "1", "1", effectiveDateTime=at(minutes=5)),
        observation("Patient/p", "1", "1", effectiveDateTime="2026"),
        report("Patient/p", "PractitionerRole/r", issued=at(minutes=4)),
        report("Patient/p", "PractitionerRole/r", identifier=[{"system": EHR, "value": "1"}, {"value": "2"}]),
        {"resourceType": "Patient", "identifier": [{"system": f"{SR}.evil.example", "value": "1"}]},
    ],
)
def test_taken(resource: dict[str, Any]) -> None:
    on_any(resource, NOW)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (
            observation("Patient/p", "1", "1", effectiveDateTime=at(minutes=6)),
            ("UNPROCESSABLE", "value", "Observation.effectiveDateTime"),
        ),
        (
            {"resourceType": "Observation", "effectiveInstant": at(days=1)},
            ("UNPROCESSABLE", "value", "Observation.effectiveInstant"),
        ),
        (
            report("Patient/p", "PractitionerRole/r", issued="2026-01-05T10:00:00-01:00"),
            ("UNPROCESSABLE", "value", "DiagnosticReport.issued"),
        ),
        (
            {"resourceType": "Observation", "identifier": [{"system": f"{SR}/opinion", "value": "x"}]},
            ("FORBIDDEN", "forbidden", "Observation.identifier"),
        ),
        (
            {"resourceType": "Provenance", "meta": {"tag": [{"system": f"{SR}/provenance", "code": "x"}]}},
            ("FORBIDDEN", "forbidden", "Provenance.meta.tag"),
        ),
        (
            {"resourceType": "Observation", "_status": {"extension": []}},
            ("UNPROCESSABLE", "required", "Observation.status"),
        ),
        (
            {"resourceType": "Task", "status": "requested", "_intent": {"extension": []}},
            ("UNPROCESSABLE", "required", "Task.intent"),
        ),
    ],
)
def test_refused_from_anybody(resource: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert refusal(on_any, resource, NOW) == [expected]


def test_a_status_with_an_extension_beside_it_is_a_status() -> None:
    on_any({"resourceType": "Task", "status": "requested", "_status": {"extension": []}}, NOW)


# -- new versions -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ORDER, {**ORDER, "status": "cancelled"}),
        (ORDER, {**ORDER, "status": "cancelled", "statusReason": {"text": "twice"}, "note": [{"text": "x"}]}),
        (READ, {**READ, "status": "in-progress"}),
        (READ, {**READ, "status": "completed", "output": [{"type": {"text": "x"}}]}),
        ({**READ, "status": "requested"}, {**READ, "status": "rejected", "statusReason": {"text": "away"}}),
        (PLAIN, {**PLAIN, "status": "accepted", "description": "ours to say"}),
        (READ, {**READ, "note": [{"text": "tomorrow morning"}]}),
        ({**ORDER, "status": "in-progress"}, {**ORDER, "status": "in-progress", "note": [{"text": "x"}]}),
        (
            {"resourceType": "Observation", "subject": {"reference": "Patient/p/_history/1"}},
            {"resourceType": "Observation", "subject": {"reference": "Patient/p"}, "valueString": "x"},
        ),
    ],
)
def test_moved(old: dict[str, Any], new: dict[str, Any]) -> None:
    on_update(old, new)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (ORDER, {**ORDER, "status": "accepted"}, [("business-rule", "Task.status")]),
        (ORDER, {**ORDER, "status": "cancelled", "priority": "stat"}, [("business-rule", "Task.priority")]),
        (
            ORDER,
            {**{k: v for k, v in ORDER.items() if k != "focus"}, "status": "completed"},
            [("business-rule", "Task.focus"), ("business-rule", "Task.status")],
        ),
        (
            {**ORDER, "status": "in-progress"},
            {**ORDER, "status": "cancelled"},
            [("business-rule", "Task.status")],
        ),
        (
            {**ORDER, "status": "completed"},
            {**ORDER, "status": "cancelled"},
            [("business-rule", "Task.status")],
        ),
        (
            READ,
            {**READ, "status": "in-progress", "owner": {"display": "me"}},
            [("business-rule", "Task.owner")],
        ),
        (READ, {**READ, "status": "on-hold"}, [("business-rule", "Task.status")]),
        (
            {**READ, "status": "requested"},
            {**READ, "status": "completed"},
            [("business-rule", "Task.status")],
        ),
        (
            {**READ, "status": "requested"},
            {**READ, "status": "rejected"},
            [("required", "Task.statusReason.text")],
        ),
        (
            {**READ, "status": "requested"},
            {**READ, "status": "failed", "statusReason": {"text": "away"}},
            [("business-rule", "Task.status")],
        ),
        (PLAIN, {**PLAIN, "status": "completed"}, [("business-rule", "Task.status")]),
        (
            {**ORDER, "status": "on-hold"},
            {**ORDER, "status": "on-hold", "statusReason": {"text": "never mind"}},
            [("business-rule", "Task.statusReason")],
        ),
        (
            {**READ, "status": "failed"},
            {**READ, "status": "failed", "note": [{"text": "x"}]},
            [("business-rule", "Task.status")],
        ),
        (
            ORDER,
            {**ORDER, "status": "cancelled", "for": {"reference": "Patient/another"}},
            [("business-rule", "Task")],
        ),
        (
            {"resourceType": "Observation", "subject": {"reference": "Patient/p"}},
            {"resourceType": "Observation"},
            [("business-rule", "Observation")],
        ),
    ],
)
def test_not_moved(old: dict[str, Any], new: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert [(code, path) for _, code, path in refusal(on_update, old, new)] == expected


def test_what_we_have_written_cannot_be_taken_over_by_leaving_its_identifier_out() -> None:
    old = {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": f"{SR}/opinion-report", "value": "x"}],
    }
    assert refusal(on_update, old, {"resourceType": "DiagnosticReport"}) == [
        (Category.FORBIDDEN.name, "forbidden", "DiagnosticReport.identifier")
    ]


def test_part_of_a_resource_is_not_written_over_the_whole() -> None:
    """R4 search.html#elements: what it leaves out would be gone."""
    whole = {"resourceType": "Patient", "id": "p", "birthDate": "1990-05-01"}
    tag = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
    part = {"resourceType": "Patient", "id": "p", "meta": {"tag": [tag]}}
    assert refusal(on_update, whole, part) == [("UNPROCESSABLE", "business-rule", "Patient.meta.tag")]
    on_update(part, part)
    on_update(whole, {**part, "meta": {"tag": [{**tag, "code": "other"}]}})
