"""The referral's ServiceRequest ends with its case: here, and in the documents that carry the Task's end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.world import (
    BACTERIAL,
    SPECIALTY,
    VIRAL,
    Hospital,
    World,
    answer_as,
    doctor,
    send_case,
)


def referred(world: World) -> tuple[str, Hospital]:
    """A case that is offered to the one specialist there is."""
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    assert request_here(world)["status"] == "active"
    return specialist, sent


def request_here(world: World) -> dict[str, Any]:
    [entry] = world.get("ServiceRequest")["entry"]
    return dict(entry["resource"])


def last_told(world: World, kind: str = "ServiceRequest") -> tuple[dict[str, Any], dict[str, Any]]:
    """(request, resource) of what the newest document says of a type."""
    entries = json.loads(world.courier.sent[-1].content)["entry"]
    [entry] = [each for each in entries if each["resource"]["resourceType"] == kind]
    return entry["request"], entry["resource"]


def test_a_request_that_was_answered_is_completed_with_the_task(world: World) -> None:
    specialist, sent = referred(world)
    answer_as(world, specialist, BACTERIAL)
    world.run()
    assert world.state(sent.task_id) == "closed"
    here = request_here(world)
    assert (here["status"], here["meta"]["versionId"]) == ("completed", "2")
    request, told = last_told(world)
    assert told["status"] == "completed"
    assert request["method"] == "PUT"
    assert request["url"].startswith(
        "ServiceRequest?identifier=https://second-reader.example/fhir/referral%7C"
    )
    assert told["identifier"] == here["identifier"]


@pytest.mark.parametrize("accepted", [False, True])
def test_a_case_that_a_person_ends_revokes_its_request(world: World, accepted: bool) -> None:
    _, sent = referred(world)
    [offered] = world.get("Task?status=requested&code=specialist-read")["entry"]
    if accepted:
        world.put({**offered["resource"], "status": "accepted"})
        world.run()
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.hold(case, "Dr. Tarn", "wrong patient", world.watch())
    world.house.ledger.end(case, "Dr. Tarn", "wrong patient", world.watch())
    world.run()
    assert request_here(world)["status"] == "revoked"
    assert last_told(world)[1]["status"] == "revoked"


def test_a_request_that_nobody_took_is_revoked_too(world: World) -> None:
    _, sent = referred(world)
    world.watch.forward(minutes=31)
    world.run()
    assert world.state(sent.task_id) == "held"
    assert request_here(world)["status"] == "active", "a person may still find somebody"
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.end(case, "Dr. Tarn", "nobody can read it", world.watch())
    world.run()
    assert request_here(world)["status"] == "revoked"
    assert last_told(world)[1]["status"] == "revoked"


def test_a_placer_who_withdraws_a_held_case_has_its_request_revoked(world: World) -> None:
    _, sent = referred(world)
    world.watch.forward(minutes=31)
    world.run()
    world.put({**world.get(f"Task/{sent.task_id}"), "status": "cancelled"})
    world.run()
    assert world.state(sent.task_id) == "withdrawn"
    assert request_here(world)["status"] == "revoked"
    assert last_told(world)[1]["status"] == "revoked"


def test_an_agreeing_case_makes_no_request(world: World) -> None:
    send_case(world, BACTERIAL)
    world.run()
    assert world.get("ServiceRequest")["total"] == 0
    kinds = [each["resource"]["resourceType"] for each in json.loads(world.courier.sent[-1].content)["entry"]]
    assert "ServiceRequest" not in kinds
