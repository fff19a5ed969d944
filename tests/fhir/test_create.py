"""create: POST [base]/[type]; repeats of orders; conditional create."""

from __future__ import annotations

import re

import pytest

from tests.world import World, observation, patient, send_case, task

pytestmark = pytest.mark.both_databases

MRN = "https://ehr.example/patient"
PERSON = {"resourceType": "Patient", "identifier": [{"system": MRN, "value": "7"}]}


def test_what_a_create_is_answered_with(world: World) -> None:
    answer = world.send("POST", "Patient", {**PERSON, "id": "theirs"})
    made = answer.json
    assert answer.status_code == 201
    assert made["id"] != "theirs"
    assert answer.headers["Location"] == f"{world.house.settings.fhir_base}/Patient/{made['id']}/_history/1"
    assert answer.headers["ETag"] == 'W/"1"'
    assert re.fullmatch(r"\w{3}, \d\d \w{3} 2026 \d\d:\d\d:\d\d GMT", answer.headers["Last-Modified"])
    assert world.send("GET", f"Patient/{made['id']}").data == answer.data


@pytest.mark.parametrize(
    ("wish", "type_"),
    [("return=minimal", None), ("return=OperationOutcome", "OperationOutcome"), ("", "Patient")],
)
def test_what_the_client_prefers_to_read(world: World, wish: str, type_: str | None) -> None:
    answer = world.send("POST", "Patient", PERSON, Prefer=wish)
    assert answer.status_code == 201
    assert (answer.json["resourceType"] if answer.data else None) == type_


def test_a_conditional_create_is_made_once(world: World) -> None:
    condition = f"identifier={MRN}|7"
    first, again = (world.send("POST", "Patient", PERSON, If_None_Exist=condition) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["id"] == first.json["id"]
    assert again.headers["Location"] == first.headers["Location"]


def test_an_order_that_is_repeated_opens_no_second_case(world: World) -> None:
    sent = send_case(world)
    asked = {k: v for k, v in sent.task.items() if k not in ("id", "meta", "lastModified")}
    again = world.send("POST", "Task", asked)
    assert (again.status_code, again.json["id"]) == (200, sent.task_id)
    assert sum(world.house.ledger.counts().values()) == 1


def test_an_order_with_a_known_identifier_for_another_patient_is_refused(world: World) -> None:
    """Answered with the first one, the sender would take the opinion for the wrong patient."""
    sent = send_case(world)
    other = patient(world, number="P-2")
    refused = world.send("POST", "Task", task(other, f"DiagnosticReport/{sent.report['id']}"))
    assert (refused.status_code, refused.json["issue"][0]["code"]) == (409, "duplicate")
    assert sent.task_id in refused.json["issue"][0]["diagnostics"]


def test_a_refused_create_leaves_nothing(world: World) -> None:
    refused = world.send("POST", "Observation", observation("Patient/nobody", "26464-8", "1"))
    assert (refused.status_code, refused.json["issue"][0]["expression"]) == (
        422,
        ["Observation.subject.reference"],
    )
    assert world.get("Observation")["total"] == 0
