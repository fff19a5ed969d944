"""Moving Tasks: every transition a version of its own, on the shortest legal way."""

from __future__ import annotations

from typing import Any

import pytest

from server.fhir.parse import parse
from server.fhir.pens.correspondence import Standing
from server.fhir.terms import Business
from server.ports import ResourceWrite
from server.steps.casefile import CaseFile
from server.steps.tasks import moved_task
from server.store import resources
from tests.world import BACTERIAL, START, World, send_case

OUTCOME = {
    "resourceType": "OperationOutcome",
    "id": "oo",
    "issue": [{"severity": "error", "code": "required"}],
}
TOLD = {"type": {"text": "why"}, "valueReference": {"reference": "#oo"}}
KEPT = {"type": {"text": "kept"}, "valueString": "x"}


class Bench:
    """One case, whose Task is moved again and again."""

    def __init__(self, world: World) -> None:
        self.world = world
        send_case(world, BACTERIAL)
        [case] = world.house.ledger.recent(1)
        self.file = CaseFile(case, world.cases.tools, START)

    def move(self, standing: Standing, **more: Any) -> list[ResourceWrite]:
        writes = moved_task(self.file, f"Task/{self.file.case.task_id}", standing, **more)
        self.world.house.database.write(lambda c: resources.apply(c, writes, None))
        return writes


@pytest.fixture
def bench(world: World) -> Bench:
    return Bench(world)


def statuses(writes: list[ResourceWrite]) -> list[str]:
    return [parse(each.body)["status"] for each in writes]


@pytest.mark.parametrize(
    ("standing", "via", "expected"),
    [
        (Standing("rejected", None, "late"), None, ["rejected"]),
        (Standing("on-hold", Business.AWAITING_INFORMATION, "x"), None, ["received", "on-hold"]),
        (Standing("in-progress", Business.AI_RUNNING), None, ["accepted", "in-progress"]),
        (Standing("in-progress", Business.AI_RUNNING), "accepted", ["accepted", "in-progress"]),
    ],
)
def test_each_step_on_the_way_is_a_version(
    bench: Bench, standing: Standing, via: str | None, expected: list[str]
) -> None:
    writes = bench.move(standing, via=via)
    assert statuses(writes) == expected
    assert [each.version for each in writes] == list(range(2, 2 + len(expected)))
    assert all("businessStatus" not in parse(each.body) for each in writes[:-1])


@pytest.mark.parametrize(
    ("via", "expected"), [(None, ["in-progress"]), ("accepted", ["accepted", "in-progress"])]
)
def test_a_longer_way_is_taken_when_it_is_asked_for(
    bench: Bench, via: str | None, expected: list[str]
) -> None:
    bench.move(Standing("on-hold", Business.AWAITING_INFORMATION, "x"))
    assert statuses(bench.move(Standing("in-progress", Business.AI_RUNNING), via=via)) == expected


def test_standing_still_writes_nothing(bench: Bench) -> None:
    standing = Standing("in-progress", Business.AI_RUNNING)
    bench.move(standing)
    assert bench.move(standing) == []
    assert bench.move(standing, via="accepted") == []


def test_another_reason_is_a_version_of_its_own(bench: Bench) -> None:
    bench.move(Standing("on-hold", Business.AWAITING_INFORMATION, "first"))
    [write] = bench.move(Standing("on-hold", Business.AWAITING_INFORMATION, "second"))
    assert parse(write.body)["statusReason"]["text"] == "second"


def test_new_outputs_are_a_version_even_where_the_status_stays(bench: Bench) -> None:
    standing = Standing("in-progress", Business.AI_RUNNING)
    bench.move(standing)
    [write] = bench.move(standing, outputs=[KEPT])
    assert parse(write.body)["output"] == [KEPT]


def test_what_was_missing_is_not_told_any_longer(bench: Bench) -> None:
    on_hold = Standing("on-hold", Business.AWAITING_INFORMATION, "missing")
    held = parse(bench.move(on_hold, contained=[OUTCOME], outputs=[TOLD, KEPT])[-1].body)
    assert [each["id"] for each in held["contained"]] == ["oo"]
    went_on = parse(bench.move(Standing("in-progress", Business.AI_RUNNING))[-1].body)
    assert "contained" not in went_on
    assert "statusReason" not in went_on
    assert went_on["output"] == [KEPT]


def test_a_new_outcome_takes_the_place_of_the_old_one(bench: Bench) -> None:
    for text in ("one", "two"):
        standing = Standing("on-hold", Business.AWAITING_INFORMATION, text)
        task = parse(bench.move(standing, contained=[OUTCOME], outputs=[TOLD])[-1].body)
    assert len(task["contained"]) == len(task["output"]) == 1


def test_nothing_else_of_the_task_changes(bench: Bench) -> None:
    ours = ("status", "businessStatus", "statusReason", "meta", "lastModified", "output", "contained")
    before = bench.file.task
    after = parse(bench.move(Standing("completed", Business.CLOSED_CONCORDANT), outputs=[KEPT])[-1].body)
    for task in (before, after):
        for name in ours:
            task.pop(name, None)
    assert after == before
