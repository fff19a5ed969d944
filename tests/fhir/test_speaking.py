"""A client that is registered to speak for somebody moves only their Tasks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from server.model import Answer
from tests.access.ward import ALL, Ward, told, ward
from tests.fhir.test_access import person
from tests.test_stopping import ABORT
from tests.test_story_assessment import request
from tests.test_story_unread import RULES, upon
from tests.world import (
    BACTERIAL,
    SPECIALTY,
    VIRAL,
    Hospital,
    coded,
    send_case,
    sign_as,
    task,
    with_policy,
)

SPEAKS = {
    "general": '["Organization/general"]',
    "other": '["Organization/other"]',
    "quill": '["PractitionerRole/quill"]',
    "reed": '["PractitionerRole/reed"]',
}
CLIENTS = dict.fromkeys((*SPEAKS, "anybody"), ALL)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Ward]:
    with ward(tmp_path, CLIENTS, speaks_for=SPEAKS) as made:
        for name in ("general", "other", "elsewhere"):
            put(made, {"resourceType": "Organization", "id": name, "name": name})
        put(made, {"resourceType": "Practitioner", "id": "quill", "name": [{"family": "Quill"}]})
        role = {
            "resourceType": "PractitionerRole",
            "id": "quill",
            "active": True,
            "practitioner": {"reference": "Practitioner/quill"},
            "organization": {"reference": "Organization/elsewhere"},
            "specialty": [coded(SPECIALTY)],
        }
        put(made, role)
        yield made


def put(door: Ward, resource: dict[str, Any]) -> None:
    path = f"{resource['resourceType']}/{resource['id']}"
    assert door.ask("anybody", "PUT", path, resource).status_code == 201


@contextmanager
def speaking(door: Ward, client: str) -> Iterator[Any]:
    """The world as this client finds it."""
    token = door.token(client)
    door.world.client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    yield door.world
    del door.world.client.environ_base["HTTP_AUTHORIZATION"]


def asked(door: Ward) -> dict[str, Any]:
    with speaking(door, "general") as world:
        made = send_case(world, VIRAL, requester={"reference": "Organization/general"})
    found = door.ask("general", "GET", f"Task/{made.task_id}").json
    return dict(found)


def moved(door: Ward, client: str, current: dict[str, Any], **changed: Any) -> Any:
    version = f'W/"{current["meta"]["versionId"]}"'
    return door.ask(client, "PUT", f"Task/{current['id']}", {**current, **changed}, If_Match=version)


def test_a_task_is_placed_and_changed_by_whoever_speaks_for_its_requester(door: Ward) -> None:
    current = asked(door)
    assert told(moved(door, "other", current, status="cancelled")) == (403, "forbidden")
    assert told(moved(door, "quill", current, status="cancelled")) == (403, "forbidden")
    assert moved(door, "general", current, status="cancelled").status_code == 200


@pytest.mark.parametrize("requester", [{}, {"requester": {"reference": "Organization/general"}}])
def test_nobody_places_a_task_in_the_name_of_others(door: Ward, requester: dict[str, Any]) -> None:
    put(door, person("p"))
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "preliminary", "code": {"text": "x"}}
    door.ask("anybody", "PUT", "DiagnosticReport/r", {**report, "subject": {"reference": "Patient/p"}})
    placed = task("Patient/p", "DiagnosticReport/r", **requester)
    answer = door.ask("other", "POST", "Task", placed)
    assert told(answer) == (403, "forbidden")
    assert answer.json["issue"][0]["expression"] == ["Task.requester"]
    assert door.ask("anybody", "POST", "Task", placed).status_code == 201


def test_a_patch_and_a_transaction_move_nothing_more(door: Ward) -> None:
    current = asked(door)
    change = b'[{"op": "replace", "path": "/status", "value": "cancelled"}]'
    version = f'W/"{current["meta"]["versionId"]}"'
    patch = door.ask(
        "other", "PATCH", f"Task/{current['id']}", change, If_Match=version,
        Content_Type="application/json-patch+json",
    )  # fmt: skip
    assert told(patch) == (403, "forbidden")
    wish = {"method": "PUT", "url": f"Task/{current['id']}", "ifMatch": version}
    entry = {"resource": {**current, "status": "cancelled"}, "request": wish}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert told(door.ask("other", "POST", "", bundle)) == (403, "forbidden")
    assert told(door.ask("other", "DELETE", f"Task/{current['id']}"))[0] in (403, 409)


def test_nobody_stops_the_task_of_others(door: Ward) -> None:
    current = asked(door)
    for client, status in (("other", 403), ("general", 201)):
        stop = task(current["for"]["reference"], f"Task/{current['id']}", f"stop-{client}", code=coded(ABORT))
        del stop["input"]
        stop["requester"] = {"reference": f"Organization/{client}"}
        assert door.ask(client, "POST", "Task", stop).status_code == status


def test_an_offer_is_answered_by_whoever_speaks_for_its_owner(door: Ward) -> None:
    asked(door)
    door.world.run()
    query = "Task?owner=PractitionerRole/quill&status=requested"
    [entry] = door.ask("anybody", "GET", query).json["entry"]
    offer = entry["resource"]
    for client in ("reed", "general", "other"):
        answer = moved(door, client, offer, status="accepted")
        assert told(answer) == (403, "forbidden")
        assert answer.json["issue"][0]["expression"] == ["Task.owner"]
    assert moved(door, "quill", offer, status="accepted").status_code == 200
    door.world.run()
    with speaking(door, "quill") as world:
        assert sign_as(world, "PractitionerRole/quill", offer["id"], BACTERIAL).status_code == 200


def test_whoever_speaks_for_nobody_in_particular_is_held_to_scopes_alone(door: Ward) -> None:
    assert moved(door, "anybody", asked(door), status="cancelled").status_code == 200


@pytest.fixture
def told_of(tmp_path: Path) -> Iterator[tuple[Ward, Hospital]]:
    """A result for one hospital that nobody has read yet, and clients that speak for others."""
    with ward(tmp_path, CLIENTS, speaks_for=SPEAKS, policy=with_policy(reading=RULES)) as made:
        for name in ("general", "other"):
            put(made, {"resourceType": "Organization", "id": name, "name": name})
        made.world.reader.answer = Answer.ABSENT
        with speaking(made, "general") as world:
            sent = send_case(world, VIRAL, requester={"reference": "Organization/general"})
        made.world.run()
        yield made, sent


@pytest.mark.parametrize(
    ("client", "code", "status"),
    [
        ("other", "acknowledge", 403),
        ("other", "contest", 403),
        ("quill", "acknowledge", 403),
        ("general", "acknowledge", 201),
        ("general", "contest", 201),
        ("anybody", "contest", 201),
    ],
)
def test_upon_a_result_speaks_whoever_it_concerns(
    told_of: tuple[Ward, Hospital], client: str, code: str, status: int
) -> None:
    door, sent = told_of
    who = {"quill": "PractitionerRole/quill", "anybody": sent.role}.get(client, f"Organization/{client}")
    if client == "quill":
        put(door, {"resourceType": "PractitionerRole", "id": "quill", "active": True})
    said = upon(door.world, sent, code, "X-1", requester={"reference": who}, reasonCode={"text": "not so"})
    answer = door.ask(client, "POST", "Task", said)
    assert answer.status_code == status
    if status == 403:
        assert "whose requester, whose patient" in answer.text
        door.world.run()
        assert door.world.state(sent.task_id) == "sent"


def test_nobody_orders_an_assessment_of_the_result_of_others(told_of: tuple[Ward, Hospital]) -> None:
    door, sent = told_of
    report = f"DiagnosticReport/{sent.report['id']}"
    for client, status in (("other", 422), ("general", 201)):
        named = {"requester": {"reference": f"Organization/{client}"}}
        answer = door.ask(client, "POST", "Task", {**request(sent, "human", client), **named})
        assert answer.status_code == status
        assert status == 201 or "requester of an earlier second-read Task" in answer.text
        if status == 422:
            assert door.ask("general", "GET", report).status_code == 200
