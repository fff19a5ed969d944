"""A look at a partner that answers whatever it likes: odd Tasks are refused or left alone, nothing breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from server.caller import EVERYBODY
from server.fhir.audit.witness import Witness
from server.fhir.line import Question
from server.fhir.partner.errand import Came, Errand
from server.fhir.partner.visit import MOST_TASKS, Visit
from server.fhir.proof import Answer
from server.model import Destination, Polling
from server.ports import Undelivered
from server.wiring import audit_clerk, desk
from tests.world import EHR, World, task

BASE = "https://ehr.example/fhir"
POLLING = Polling(timedelta(minutes=15), "Device/42")
OURS = {"owner": {"reference": "Device/42"}}


class Partner:
    """A line to a partner that lists these Tasks and takes every PUT."""

    def __init__(self, *tasks: Any) -> None:
        self.tasks = tasks
        self.put: list[dict[str, Any]] = []
        self.read: list[str] = []
        self.failing: set[str] = set()

    def ask(self, question: Question) -> Answer:
        if question.method == "PUT":
            self.put.append(json.loads(question.body))
            return Answer(500 if question.path in self.failing else 200)
        if question.path.startswith("/Task?"):
            listed = self.tasks if "status=requested" in question.path else ()
            entry = [{"resource": each} for each in listed]
            return _json({"resourceType": "Bundle", "type": "searchset", "entry": entry or [{"x": 1}]})
        self.read.append(question.path)
        mine = [each for each in self.put if question.path == f"/Task/{each['id']}"]
        return _json(mine[-1]) if mine else Answer(404)

    @contextmanager
    def dial(self) -> Iterator[Partner]:
        yield self


def _json(value: Any) -> Answer:
    return Answer(200, json.dumps(value).encode(), date="Mon, 05 Jan 2026 09:00:00 GMT")


def visit(world: World, partner: Partner, keep: Any = lambda: None) -> Visit:
    destination = Destination("ehr", BASE, (EHR,), timedelta(seconds=5), polling=POLLING)
    seen = Witness(audit_clerk(world.house), world.watch(), "partner")
    door = desk(world.house).of(EVERYBODY, seen)
    return Visit(
        destination,
        POLLING,
        partner.dial,  # type: ignore[arg-type]
        lambda line: Errand(line, BASE, door, {}, world.watch),
        keep,
    )


def kept(number: int = 1, **more: Any) -> dict[str, Any]:
    asked = task("Patient/p1", "DiagnosticReport/d1", f"T-{number}")
    return {**asked, **OURS, "id": f"t{number}", "meta": {"versionId": "1"}, **more}


@pytest.mark.parametrize(
    "more",
    [
        {"contained": 7},
        {"contained": [7, {"resourceType": "Patient"}], "output": "x"},
        {"identifier": "x"},
        {"identifier": [7]},
        {"for": [1], "focus": 7},
        {"input": {"type": 1}},
        {"restriction": "x"},
        {"code": 7},
        {"for": {"reference": "Patient/.."}},
        {"focus": {"reference": "../../admin"}},
        {"owner": {"reference": "Device/42", "identifier": 7}},
        {"intent": None},
        {"note": []},
        {"description": ""},
        {"input": [{"type": None}]},
        {"modifierExtension": [{"url": "http://x.example", "valueBoolean": True}]},
    ],
    ids=range(16),
)
def test_an_odd_task_is_refused_in_words(world: World, more: dict[str, Any]) -> None:
    odd = kept(**more)
    partner = Partner({name: part for name, part in odd.items() if part is not None}, kept(2))
    seen = visit(world, partner).look("")
    assert seen.failure is None
    assert seen.came == {Came.REFUSED: 2}  # the other one leads to what is not there
    assert partner.put[-1]["id"] == "t2"
    told = next(each for each in partner.put if each["status"] == "rejected")
    assert told["statusReason"]["text"]
    assert told["contained"][-1]["resourceType"] == "OperationOutcome"
    assert not any(".." in path or "admin" in path for path in partner.read)


@pytest.mark.parametrize(
    "odd",
    [
        7,
        {"resourceType": "Task"},
        kept(id=".."),
        kept(id="a/../../admin"),
        kept(id=7),
        kept(status=7),
        kept(status=["requested"]),
        kept(owner=None),
        kept(owner=[]),
        kept(meta=[]),
        {**kept(), "resourceType": "Tusk"},
    ],
    ids=range(11),
)
def test_what_is_no_task_of_ours_is_left_alone(world: World, odd: Any) -> None:
    partner = Partner(odd)
    assert visit(world, partner).look("").came == {}
    assert (partner.put, partner.read) == ([], [])


@pytest.mark.parametrize("meta", [{}, {"versionId": 7}])
def test_a_task_without_a_version_cannot_be_claimed(world: World, meta: dict[str, Any]) -> None:
    partner = Partner(kept(meta=meta))
    seen = visit(world, partner).look("before")
    assert isinstance(seen.failure, Undelivered)
    assert (seen.since, partner.put) == ("before", [])


def test_a_partner_that_is_unwell_is_left_alone(world: World) -> None:
    partner = Partner(*(kept(number) for number in range(9)))
    partner.failing = {f"/Task/t{number}" for number in range(9)}
    seen = visit(world, partner).look("before")
    assert seen.since == "before"
    assert len(partner.put) == 3


def test_one_that_fails_keeps_the_time_and_not_the_others(world: World) -> None:
    partner = Partner(kept(1), kept(2))
    partner.failing = {"/Task/t1"}
    seen = visit(world, partner).look("before")
    assert seen.came == {Came.REFUSED: 1}
    assert seen.since == "before"
    assert seen.failure is not None


def test_a_crowd_is_dealt_with_in_parts(world: World) -> None:
    crowd = [kept(number, intent="plan") for number in range(MOST_TASKS + 1)]
    seen = visit(world, Partner(*crowd)).look("before")
    assert seen.came == {Came.REFUSED: MOST_TASKS}
    assert seen.since == "before"
    seen = visit(world, Partner(*crowd[:3])).look("before")
    assert seen.since == "2026-01-05T08:59:00.000Z"


def test_the_lease_is_kept_before_each_task(world: World) -> None:
    calls: list[int] = []
    visit(world, Partner(kept(1), kept(2)), lambda: calls.append(1)).look("")
    assert len(calls) == 2
