"""Clients at the same time: what they all ask for is made once, on either database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from tests.world import EHR, Hospital, World, send_case, task

pytestmark = pytest.mark.both_databases

CLIENTS = 20
URN = "urn:uuid:6ec55b25-3fb8-4f2e-9f3c-2b0d6a2c9c11"
MRN = "https://ehr.example/patient"


def at_once(world: World, send: Callable[[World, int], Any]) -> list[Any]:
    """What each client is answered; each has a connection of its own, and all begin together."""
    together = Barrier(CLIENTS)

    def one(number: int) -> Any:
        own = replace(world, client=world.client.application.test_client())
        together.wait(30)
        return send(own, number)

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(one, range(CLIENTS)))


def statuses(answers: list[Any]) -> Counter[int]:
    return Counter(each.status_code for each in answers)


def person(*numbers: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": MRN, "value": each} for each in numbers]}


def test_twenty_with_the_same_if_none_exist_make_one_patient(world: World) -> None:
    condition = {"If_None_Exist": f"identifier={MRN}|1"}
    answers = at_once(world, lambda own, _: own.send("POST", "Patient", person("1"), **condition))
    assert statuses(answers) == {201: 1, 200: CLIENTS - 1}
    assert world.get("Patient")["total"] == 1


def test_twenty_who_know_one_patient_by_different_numbers_make_one(world: World) -> None:
    numbers = [str(number) for number in range(CLIENTS)]

    def send(own: World, number: int) -> Any:
        condition = {"If_None_Exist": f"identifier={MRN}|{number}"}
        return own.send("POST", "Patient", person(*numbers), **condition)

    assert statuses(at_once(world, send)) == {201: 1, 200: CLIENTS - 1}
    assert world.get("Patient")["total"] == 1


def test_twenty_transactions_about_one_new_patient_make_one_and_an_observation_each(world: World) -> None:
    seen = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": URN},
    }
    condition = {"ifNoneExist": f"identifier={MRN}|1"}
    entries = [
        {
            "fullUrl": URN,
            "resource": person("1"),
            "request": {"method": "POST", "url": "Patient"} | condition,
        },
        {"resource": seen, "request": {"method": "POST", "url": "Observation"}},
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    assert statuses(at_once(world, lambda own, _: own.send("POST", "", bundle))) == {200: CLIENTS}
    assert world.get("Patient")["total"] == 1
    assert world.get("Observation")["total"] == CLIENTS


@pytest.fixture
def asked(world: World) -> Hospital:
    return send_case(world, number="T-0")


@pytest.mark.parametrize("condition", [{}, {"If_None_Exist": f"identifier={EHR}|T-1"}], ids=["plain", "both"])
def test_twenty_tasks_with_the_same_placer_identifier_open_one_case(
    world: World, asked: Hospital, condition: dict[str, str]
) -> None:
    about = f"DiagnosticReport/{asked.report['id']}"
    answers = at_once(
        world, lambda own, _: own.send("POST", "Task", task(asked.patient, about, "T-1"), **condition)
    )
    assert statuses(answers) == {201: 1, 200: CLIENTS - 1}
    assert len({each.json["id"] for each in answers}) == 1
    assert world.get(f"Task?identifier={EHR}|T-1")["total"] == 1
    assert len(world.house.ledger.recent(10)) == 2
