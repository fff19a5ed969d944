"""An assessment has its dates: told at once, told again when they pass, and never why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.model import AssessmentRules, Owed, ReadingRules
from server.steps.casefile import CaseFile
from server.steps.give_up import give_up
from server.store.owing import Assessments
from server.store.tables import cases
from tests.test_story_assessment import request, second_read
from tests.test_story_unread import counts, later
from tests.world import (
    BACTERIAL,
    SPECIALTY,
    START,
    VIRAL,
    Hospital,
    World,
    answer_as,
    doctor,
    make_world,
    send_case,
    with_policy,
)

pytestmark = pytest.mark.both_databases
DAY = timedelta(days=1)


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[World]:
    yield from make_world(tmp_path, destination=False)


def messages(world: World) -> list[dict[str, Any]]:
    found = world.get("Communication?category=late-assessment&_sort=_lastUpdated").get("entry", [])
    return [each["resource"] for each in found]


def asked(world: World, *, anybody: bool = False, **more: Any) -> tuple[Hospital, str]:
    """``anybody``: there is an assessor who may be asked; else the case is held for a coordinator."""
    sent, _ = second_read(world)
    if anybody:
        doctor(world, "Sorrel", "Third House", SPECIALTY)
    task = world.post({**request(sent, "human"), **more})
    world.run()
    return sent, str(task["id"])


def due(world: World, task: str) -> str:
    return str(world.get(f"Task/{task}")["restriction"]["period"]["end"])


def late(world: World) -> tuple[int, int]:
    return counts(world)["openAssessments"], counts(world)["lateAssessments"]


def test_it_is_acknowledged_at_once_with_the_date_of_the_opinion_here_and_there(world: World) -> None:
    sent, _ = second_read(world)
    doctor(world, "Sorrel", "Third House", SPECIALTY)
    before = len(world.courier.sent)
    task = str(world.post(request(sent, "human"))["id"])
    assert world.cases.once()
    assert world.history(task)[1] == ("accepted", "")
    assert due(world, task).startswith("2026-01-10T09:00")
    world.run()
    first = json.loads(world.courier.sent[before].content)
    [told] = [each["resource"] for each in first["entry"] if each["resource"]["resourceType"] == "Task"]
    assert (told["status"], told["restriction"]["period"]["end"]) == ("accepted", due(world, task))
    assert late(world) == (1, 0)


@pytest.mark.parametrize(
    ("more", "end"),
    [
        ({"priority": "routine"}, "2026-01-10T09:00"),
        ({"priority": "urgent"}, "2026-01-06T09:00"),
        ({"priority": "stat"}, "2026-01-06T09:00"),
        ({"restriction": {"period": {"end": "2026-01-07T09:00:00Z"}}}, "2026-01-07T09:00"),
        ({"restriction": {"period": {"end": "2026-02-07T09:00:00Z"}}}, "2026-01-10T09:00"),
    ],
)
def test_it_is_owed_by_the_priority_and_never_after_the_date_that_was_asked_for(
    world: World, more: dict[str, Any], end: str
) -> None:
    _, task = asked(world, anybody=True, **more)
    assert due(world, task).startswith(end)


def test_late_it_is_told_each_day_to_patient_coordinator_and_medical_director_and_never_why(
    world: World,
) -> None:
    sent, task = asked(world)  # nobody may be asked: held
    assert world.state(task) == "held"
    later(world, days=4, hours=23)
    assert messages(world) == []
    later(world, hours=1)
    [told] = messages(world)
    assert told["priority"] == "stat"
    assert [each.get("reference") or each["display"] for each in told["recipient"]] == [
        sent.patient,
        "coordinator",
        "medical director",
    ]
    text = told["payload"][0]["contentString"]
    assert text == (
        "The independent assessment that was asked for should have been answered until "
        "2026-01-10T09:00:00.000Z. It is not forgotten: it goes on, and this is told each day until it is "
        "done."
    )
    for why in ("held", "specialist", "model", "AI"):
        assert why not in json.dumps(told["payload"])
    assert late(world) == (1, 1)
    assert 'second_reader_assessments{what="late"} 1.0' in world.client.get("/metrics").text
    later(world, hours=23)
    assert len(messages(world)) == 1
    later(world, hours=1)
    assert len(messages(world)) == 2
    sent_on = [each for each in world.courier.sent if each.kind == "message"]
    assert len(sent_on) == 2
    assert world.state(task) == "held", "it says so, and leaves the case where it stands"
    events = [each["event"] for each in world.trace(task)["history"]]
    assert events.count("assessment overdue") == 2


def test_a_case_that_was_late_and_held_goes_on_when_a_person_resumes_it_and_then_nothing_is_owed(
    world: World,
) -> None:
    _, task = asked(world)
    later(world, days=5)
    assert len(messages(world)) == 1
    other = doctor(world, "Sorrel", "Third House", SPECIALTY)
    case = str(world.house.ledger.case_of_task(task))
    world.house.ledger.resume(case, "Dr. Tarn", world.watch())
    world.run()
    assert world.state(task) == "offered"
    answer_as(world, other, VIRAL)
    world.run()
    assert world.state(task) == "closed"
    assert late(world) == (0, 0)
    later(world, days=9)
    assert len(messages(world)) == 1


def test_while_a_specialist_reads_the_clock_goes_on(world: World) -> None:
    _, task = asked(world, priority="stat")
    assert world.state(task) == "held"
    doctor(world, "Sorrel", "Third House", SPECIALTY)
    later(world, hours=23)
    world.house.ledger.resume(str(world.house.ledger.case_of_task(task)), "Dr. Tarn", world.watch())
    world.run()
    assert world.state(task) == "offered"
    later(world, hours=1)
    assert len(messages(world)) == 1


def end_it(world: World, task: str) -> None:
    world.house.ledger.end(
        str(world.house.ledger.case_of_task(task)), "Dr. Tarn", "nobody is left", world.watch()
    )


def cancel(world: World, task: str) -> None:
    assert world.put({**world.get(f"Task/{task}"), "status": "cancelled"}).status_code == 200


@pytest.mark.parametrize(
    ("stop", "state", "standing"),
    [
        (end_it, "closed", ("failed", "closed-unresolved")),
        (cancel, "withdrawn", ("cancelled", "awaiting-coordinator")),
    ],
)
def test_ended_by_a_person_or_withdrawn_nothing_is_owed_any_more(
    world: World, stop: Any, state: str, standing: tuple[str, str]
) -> None:
    _, task = asked(world)
    stop(world, task)
    world.run()
    assert world.state(task) == state
    assert world.history(task)[-1] == standing
    assert late(world) == (0, 0)
    later(world, days=9)
    assert messages(world) == []


def test_a_first_report_that_is_withdrawn_ends_it_too(world: World) -> None:
    sent, task = asked(world)
    assert world.put({**sent.report, "status": "entered-in-error"}).status_code == 200
    world.run()
    assert world.state(task) == "withdrawn"
    later(world, days=9)
    assert messages(world) == []
    assert late(world) == (0, 0)


def test_what_is_missing_is_said_and_lapses_as_ever_and_nothing_is_owed_then(world: World) -> None:
    sent, _ = second_read(world)
    [first, *_] = world.get(f"Observation?subject={sent.patient}")["entry"]
    gone = first["resource"]
    assert world.put({**gone, "status": "entered-in-error"}).status_code == 200
    world.run()
    task = str(world.post(request(sent, "human"))["id"])
    world.run()
    assert world.state(task) == "incomplete"
    later(world, hours=47)
    assert messages(world) == [], "what is missing has been said: no word on the record is owed"
    later(world, hours=1)
    assert world.state(task) == "lapsed"
    assert late(world) == (0, 0)
    later(world, days=9)
    assert messages(world) == []


def test_a_worker_that_comes_too_late_says_so_when_it_comes(world: World) -> None:
    sent, _ = second_read(world)
    doctor(world, "Sorrel", "Third House", SPECIALTY)
    task = str(world.post(request(sent, "human"))["id"])
    world.watch.forward(hours=3)
    world.run()
    [told] = messages(world)
    assert "should have been acknowledged until 2026-01-05T10:00" in told["payload"][0]["contentString"]
    assert due(world, task).startswith("2026-01-10T09:00"), "counted from when the Task came"
    later(world, hours=25)
    assert len(messages(world)) == 1


def test_a_case_that_fails_before_anything_is_said_of_the_record_is_late_by_its_own_date(
    silent: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = silent  # no news of a delivery wakes it up before its date
    sent, _ = second_read(world)

    def broken(_: object) -> None:
        raise KeyError

    monkeypatch.setitem(__import__("server.steps", fromlist=["STEPS"]).STEPS, "received", broken)
    task = str(world.post(request(sent, "human"))["id"])
    world.run()
    later(world, days=1, hours=22)
    for _ in range(6):
        later(world, minutes=8)
    assert world.state(task) == "faulted"
    assert messages(world) == []
    [owing] = Assessments(world.house.database).owing()
    assert str(owing.term) == "records"
    later(world, hours=2)
    [told] = messages(world)
    assert "whether the record is complete until 2026-01-07" in told["payload"][0]["contentString"]
    later(world, days=3)
    texts = [each["payload"][0]["contentString"] for each in messages(world)]
    assert sum("been answered" in each for each in texts) == 1, "once the answer is late, that alone is told"


def test_the_times_are_the_policys_and_a_second_read_has_none(tmp_path: Path) -> None:
    rules = AssessmentRules(answer_within=timedelta(days=3), records_within=DAY)
    reading = ReadingRules(DAY, DAY, 2 * DAY, "Second opinion desk")
    for world in make_world(tmp_path, policy=with_policy(assessment=rules, reading=reading)):
        expert = doctor(world, "Quill", "Elsewhere", SPECIALTY)
        sent = send_case(world, VIRAL)
        world.run()
        answer_as(world, expert, BACTERIAL)
        world.run()
        task = str(world.post(request(sent, "human"))["id"])
        world.run()
        assert due(world, task).startswith("2026-01-08T09:00")
        case = str(world.house.ledger.case_of_task(task))
        [owed] = world.house.ledger.facts(case, "owed", Owed)
        assert owed == Owed(START + timedelta(hours=1), START + DAY, START + 3 * DAY)
        assert "restriction" not in world.get(f"Task/{sent.task_id}")
        first = str(world.house.ledger.case_of_task(sent.task_id))
        assert world.house.ledger.facts(first, "owed", Owed) == []
        later(world, days=3)
        [told] = messages(world)
        assert told["recipient"][1] == {"display": "Second opinion desk"}


def test_two_workers_on_one_date_tell_it_once(world: World) -> None:
    _, task = asked(world)
    world.watch.forward(days=5)
    while world.cases.once():
        pass
    assert len(messages(world)) == 1
    world.watch.forward(hours=-1)
    world.run()
    assert len(messages(world)) == 1
    assert world.state(task) == "held"


def test_what_is_asked_for_too_late_is_refused_and_owed_to_nobody(world: World) -> None:
    _, task = asked(world, restriction={"period": {"end": "2026-01-05T08:00:00Z"}})
    assert world.history(task) == [("requested", ""), ("rejected", "")]
    assert late(world) == (0, 0)
    assert messages(world) == []


def test_an_ehr_without_an_address_reads_the_same_at_our_door(silent: World) -> None:
    _, task = asked(silent)
    later(silent, days=5)
    assert len(messages(silent)) == 1
    assert due(silent, task).startswith("2026-01-10")


def test_a_second_read_is_never_late(world: World) -> None:
    send_case(world, VIRAL)
    world.run()
    later(world, days=30)
    assert messages(world) == []


def test_what_no_worker_has_acknowledged_is_owed_all_the_same(world: World) -> None:
    sent, _ = second_read(world)
    task = str(world.post(request(sent, "human"))["id"])
    assert late(world) == (1, 0)
    [owing] = Assessments(world.house.database).owing()
    assert (owing.case.task_id, str(owing.term)) == (task, "acknowledgement")
    assert owing.by == START + timedelta(hours=1)
    world.watch.forward(hours=1)
    assert late(world) == (1, 1)
    world.run()
    assert late(world) == (1, 0)
    [owing] = Assessments(world.house.database).owing()
    assert str(owing.term) == "answer"


def test_a_second_read_that_waits_for_a_worker_is_no_assessment(world: World) -> None:
    send_case(world, VIRAL)
    assert late(world) == (0, 0)


def test_results_that_are_out_are_not_even_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent, _ = second_read(world)
    other = doctor(world, "Sorrel", "Third House", SPECIALTY)
    task = str(world.post(request(sent, "human"))["id"])
    world.run()
    answer_as(world, other, VIRAL)
    world.run()
    monkeypatch.setattr("server.store.owing.case_of", lambda row: pytest.fail(row.state))
    for state, before in [("sent", None), ("unread", None), ("held", "sent"), ("faulted", "unread")]:
        those = cases.update().where(cases.c.task_id == task).values(state=state, before=before)
        world.house.database.write(lambda connection, put=those: connection.execute(put))  # type: ignore[misc]
        assert late(world) == (0, 0)


def test_one_whose_ehr_cannot_be_told_is_looked_at_by_its_date_all_the_same(world: World) -> None:
    _, task = asked(world, anybody=True, priority="stat")
    world.watch.forward(hours=2)
    ledger = world.house.ledger
    case = ledger.find(str(ledger.case_of_task(task)))
    assert case is not None
    left = give_up(CaseFile(case, world.cases.tools, world.watch()), "broken", 6, tell=False)
    assert left.due_at == START + DAY
