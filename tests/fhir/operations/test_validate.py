"""$validate: what would be refused is told, with status 200, and nothing is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from server.store.tables import arrival, resource_version
from tests.world import EHR, WATCHED, World, observation, patient, send_case, task

BASE = "http://hl7.org/fhir/StructureDefinition"
PERSON = {"resourceType": "Patient", "birthDate": "1990-05-01"}
BAD = {**PERSON, "gender": "robot", "nickname": "x"}


def told(world: World, path: str, body: Any = b"", method: str = "POST") -> list[tuple[str, str, list[str]]]:
    """(severity, code, expression) of each issue."""
    answer = world.send(method, path, body)
    assert answer.status_code == 200, answer.text
    assert answer.json["resourceType"] == "OperationOutcome"
    return [(i["severity"], i["code"], i.get("expression", [])) for i in answer.json["issue"]]


def asked(**values: Any) -> dict[str, Any]:
    parts = [
        {"name": name, "resource": value} if name == "resource" else {"name": name, "valueCode": value}
        for name, value in values.items()
    ]
    return {"resourceType": "Parameters", "parameter": parts}


FINE = [("information", "informational", [])]
WRONG = [("error", "code-invalid", ["Patient.gender"]), ("error", "structure", ["Patient.nickname"])]


def test_what_is_right(world: World) -> None:
    for body in (PERSON, asked(resource=PERSON), asked(mode="create", resource=PERSON)):
        assert told(world, "Patient/$validate", body) == FINE
    assert told(world, "Patient/$validate?mode=create", PERSON) == FINE


def test_what_is_wrong_is_told_whole(world: World) -> None:
    for body in (BAD, asked(resource=BAD), asked(mode="create", resource=BAD)):
        assert told(world, "Patient/$validate", body) == WRONG


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "structure"),
        (b"", "required"),
        (b"[]", "structure"),
        ({"resourceType": "Task"}, "invalid"),
        ({"resourceType": "Parameters"}, "required"),
        ({"resourceType": "Parameters", "parameter": 5}, "required"),
        (asked(resource=[PERSON, PERSON]), "structure"),
        (asked(mode="create"), "required"),
        (asked(mode="merge", resource=PERSON), "code-invalid"),
        (asked(mode="delete"), "required"),
        (asked(mode="update", resource=PERSON), "invalid"),
    ],
)
def test_what_cannot_be_told_of(world: World, body: Any, code: str) -> None:
    [issue] = told(world, "Patient/$validate", body)
    assert issue[:2] == ("error", code)


@pytest.mark.parametrize(
    ("profile", "issues"),
    [
        (f"{BASE}/Patient", FINE),
        (f"{BASE}/Patient|4.0.1", FINE),
        (f"{BASE}/Task", [("error", "not-supported", ["profile"])]),
        ("https://profile.example/Patient", [("error", "not-supported", ["profile"])]),
    ],
)
def test_profiles(world: World, profile: str, issues: Any) -> None:
    assert told(world, "Patient/$validate", asked(resource=PERSON, profile=profile)) == issues
    assert told(world, f"Patient/$validate?profile={profile}", PERSON) == issues


def test_with_a_mode_our_rules_and_what_is_here_count_too(world: World) -> None:
    lost = observation("Patient/nobody", "26464-8", "1")
    assert told(world, "Observation/$validate", lost) == FINE
    assert told(world, "Observation/$validate?mode=create", lost)[0][1:] == (
        "not-found", ["Observation.subject.reference"],
    )  # fmt: skip
    future = {**observation(patient(world), "26464-8", "1"), "effectiveDateTime": "2999-01-01T00:00:00Z"}
    assert told(world, "Observation/$validate?mode=create", future)[0][1] == "value"
    assert told(world, "AuditEvent/$validate?mode=create", WATCHED)[0][1] == "not-supported"
    assert told(world, "AuditEvent/$validate", WATCHED) == FINE


def test_whether_an_order_would_be_admitted(world: World) -> None:
    sent = send_case(world)
    new = task(sent.patient, f"DiagnosticReport/{sent.report['id']}", "T-9")
    assert told(world, "Task/$validate?mode=create", new) == FINE
    assert told(world, "Task/$validate?mode=create", {**new, "input": []})[0][0] == "error"
    known = {**new, "identifier": [{"system": EHR, "value": "T-1"}]}
    assert told(world, "Task/$validate?mode=create", known)[0][1] == "duplicate"
    assert sum(world.house.ledger.counts().values()) == 1


def test_an_update(world: World) -> None:
    sent = send_case(world)
    path = f"Task/{sent.task_id}"
    assert told(world, f"{path}/$validate?mode=update", {**sent.task, "status": "cancelled"}) == FINE
    moved = told(world, f"{path}/$validate?mode=update", {**sent.task, "status": "completed"})
    assert moved[0][1:] == ("business-rule", ["Task.status"])
    assert told(world, "Task/$validate?mode=update", {**sent.task, "status": "cancelled"}) == FINE
    assert told(world, f"{path}/$validate?mode=update", {**sent.task, "id": "x"})[0][1] == "invalid"
    assert told(world, "Patient/new/$validate?mode=update", {**PERSON, "id": "new"}) == FINE


def test_a_deletion(world: World) -> None:
    sent = send_case(world)
    assert told(world, f"{sent.patient}/$validate?mode=delete")[0][1] == "conflict"
    assert told(world, f"{sent.patient}/$validate?mode=delete", method="GET")[0][1] == "conflict"
    assert told(world, f"{patient(world, number='9')}/$validate", asked(mode="delete")) == FINE
    assert told(world, "AuditEvent/x/$validate?mode=delete")[0][1] == "not-supported"


def test_what_is_here(world: World) -> None:
    who = patient(world)
    assert told(world, f"{who}/$validate", method="GET") == FINE
    assert told(world, "Patient/nobody/$validate", method="GET")[0][1] == "not-found"


def test_nothing_is_written(world: World) -> None:
    told(world, "Patient/$validate?mode=create", PERSON)
    told(world, f"{patient(world)}/$validate?mode=delete")
    for table in (arrival, resource_version):
        count = select(func.count()).select_from(table)
        assert world.house.database.read(lambda c, count=count: c.execute(count).scalar_one()) == 1


def test_what_says_nothing_about_the_resource_is_an_error(world: World) -> None:
    large = json.dumps(PERSON).encode() + b" " * (8 * 2**20)
    assert world.send("POST", "Patient/$validate", large).status_code == 413
    assert world.send("POST", "Banana/$validate", PERSON).status_code == 404
    assert world.send("POST", "Patient/$validate", PERSON, Content_Type="text/plain").status_code == 415
    assert world.send("GET", "Patient/$validate").status_code == 404


def test_a_first_opinion_is_not_shown_by_it(world: World) -> None:
    sent = send_case(world)
    answer = world.send("GET", f"DiagnosticReport/{sent.report['id']}/$validate")
    assert [each["code"] for each in answer.json["issue"]] == ["suppressed"]


def test_what_has_no_body_needs_no_content_type(world: World) -> None:
    who = patient(world)
    for path in (f"{who}/$validate?mode=delete", f"{who}/$everything"):
        assert world.client.post(f"/fhir/{path}").status_code == 200, path
    answer = world.client.post(f"/fhir/{who}/$validate", data=b"x", content_type="text/plain")
    assert answer.status_code == 415
