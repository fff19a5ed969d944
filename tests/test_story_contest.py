"""A released result is contested: a person and a date, and one of three ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from server.case import IllegalMove, State
from server.model import ContestEnd, Decided, Withdrawal
from server.store.followed import Followed
from server.worker import CaseWorker
from tests.test_story_unread import counts, delivered, later, messages, upon
from tests.world import SPECIALTY, VIRAL, Hospital, World, answer_as, doctor, send_case

pytestmark = pytest.mark.both_databases
WHY = {"text": "I was not ill on that day"}


def contest(world: World, sent: Hospital, number: str = "C-1", **more: Any) -> str:
    said = {"reasonCode": WHY, "requester": {"reference": sent.patient}, **more}
    made = world.post(upon(world, sent, "contest", number, **said))
    world.run()
    return str(made["id"])


def decide(world: World, sent: Hospital, end: ContestEnd) -> None:
    case = str(world.house.ledger.case_of_task(sent.task_id))
    desk = Followed(world.house.database)
    assert desk.end_contest(case, Decided(end, "Dr. Tarn", "looked at again"), world.watch()) is not None
    world.run()


def test_a_patient_contests_a_closed_result_and_gets_a_person_and_a_date(world: World) -> None:
    sent = delivered(world)
    task = contest(world, sent)
    assert world.state(sent.task_id) == "contested"
    now = world.get(f"Task/{task}")
    assert (now["status"], now["businessStatus"]["coding"][0]["code"]) == ("in-progress", "in-review")
    assert now["owner"]["display"] == "medical director"
    assert now["restriction"]["period"]["end"].startswith("2026-01-12")
    assert counts(world)["contestedResults"] == 1
    assert [each.position.state for each in Followed(world.house.database).standing((State.CONTESTED,), 5)]
    assert messages(world) == [("contested-result", "urgent", "medical director")]
    told = world.trace(sent.task_id)
    assert told["accountable"] == "medical director"
    assert told["nextLook"] == now["restriction"]["period"]["end"]
    assert told["history"][-1]["actor"] == sent.patient
    assert WHY["text"] not in str(told), "the patient's words stay in their Task"


@pytest.mark.parametrize(
    ("end", "business", "ai"),
    [
        (ContestEnd.UPHELD, "contest-upheld", "released"),
        (ContestEnd.CORRECTED, "contest-corrected", "released"),
        (ContestEnd.WITHDRAWN, "contest-withdrawn", "withdrawn"),
    ],
)
def test_it_ends_by_a_person_in_one_of_three_ways(
    world: World, end: ContestEnd, business: str, ai: str
) -> None:
    sent = delivered(world)
    task = contest(world, sent)
    decide(world, sent, end)
    assert world.state(sent.task_id) == "closed"
    now = world.get(f"Task/{task}")
    assert (now["status"], now["businessStatus"]["coding"][0]["code"]) == ("completed", business)
    assert now["statusReason"]["text"] == "looked at again"
    told = world.trace(sent.task_id)
    assert told["aiRead"] == ai
    assert "Dr. Tarn" in {each["actor"] for each in told["history"]}
    assert len(messages(world)) == 2
    assert [each.kind for each in world.courier.sent].count("message") == 2
    assert [each.kind for each in world.courier.sent].count("withdrawal") == (end is ContestEnd.WITHDRAWN)
    with pytest.raises(IllegalMove):
        decide(world, sent, ContestEnd.UPHELD)


def test_an_overdue_contest_is_told_of_each_day_and_never_lapses(world: World) -> None:
    sent = delivered(world)
    contest(world, sent)
    later(world, days=6, hours=23)
    assert len(messages(world)) == 1
    later(world, hours=1)
    assert messages(world)[1:] == [("contested-result", "stat", "medical director")]
    world.watch.forward(hours=-1)
    world.run()
    later(world, hours=1)
    assert len(messages(world)) == 2, "a clock that jumps back doubles nothing"
    later(world, days=1)
    assert len(messages(world)) == 3
    assert world.state(sent.task_id) == "contested"
    decide(world, sent, ContestEnd.UPHELD)
    assert world.state(sent.task_id) == "closed"


def test_who_joins_a_contest_gets_the_same_date_and_the_same_end(world: World) -> None:
    sent = delivered(world)
    first = contest(world, sent)
    later(world, days=1)
    second = contest(world, sent, "C-2", requester={"reference": sent.role})
    due = {world.get(f"Task/{each}")["restriction"]["period"]["end"] for each in (first, second)}
    assert len(due) == 1
    decide(world, sent, ContestEnd.UPHELD)
    assert {world.get(f"Task/{each}")["status"] for each in (first, second)} == {"completed"}


def test_contested_again_after_its_end_it_is_decided_again(world: World) -> None:
    sent = delivered(world)
    contest(world, sent)
    decide(world, sent, ContestEnd.UPHELD)
    again = contest(world, sent, "C-2")
    assert world.state(sent.task_id) == "contested"
    decide(world, sent, ContestEnd.CORRECTED)
    assert world.get(f"Task/{again}")["businessStatus"]["coding"][0]["code"] == "contest-corrected"
    assert len(messages(world)) == 4


def test_an_opinion_that_is_withdrawn_meanwhile_ends_the_contest(world: World) -> None:
    sent = delivered(world)
    task = contest(world, sent)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.withdraw(case, Withdrawal("Dr. Tarn", "wrong unit", world.watch()))
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert world.get(f"Task/{task}")["businessStatus"]["coding"][0]["code"] == "contest-withdrawn"


def test_of_a_read_without_ai_nothing_can_be_withdrawn_but_it_can_be_contested(world: World) -> None:
    expert = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL, kind="ai-free-read")
    world.run()
    answer_as(world, expert, VIRAL)
    world.run()
    contest(world, sent)
    with pytest.raises(IllegalMove):
        decide(world, sent, ContestEnd.WITHDRAWN)
    decide(world, sent, ContestEnd.UPHELD)
    assert world.state(sent.task_id) == "closed"


def test_the_same_contest_sent_twice_is_one(world: World) -> None:
    sent = delivered(world)
    body = upon(world, sent, "contest", reasonCode=WHY)
    first = world.post(body)
    assert world.post(body)["id"] == first["id"]
    world.run()
    events = [each["event"] for each in world.trace(sent.task_id)["history"]]
    assert events.count("result contested") == 1


def test_a_contest_without_a_word_is_refused(world: World) -> None:
    sent = delivered(world)
    answer = world.send("POST", "Task", upon(world, sent, "contest"))
    assert answer.status_code == 422
    assert "reasonCode.text" in answer.text


def test_only_its_sender_takes_a_contest_back_and_only_before_it_is_looked_at(world: World) -> None:
    sent = delivered(world)
    task = contest(world, sent)
    answer = world.put({**world.get(f"Task/{task}"), "status": "cancelled"})
    assert answer.status_code == 422


def test_two_workers_on_one_missed_date_tell_of_it_once(world: World) -> None:
    sent = delivered(world)
    contest(world, sent)
    world.watch.forward(days=7)
    first, other = (CaseWorker(world.house.ledger, world.cases.tools, world.watch, 3) for _ in range(2))
    assert [first.once(), other.once(), first.once(), other.once()].count(True) == 1
    assert len(messages(world)) == 2


def test_a_contested_case_that_a_person_ends_leaves_the_result_as_it_was_told(world: World) -> None:
    expert = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    answer_as(world, expert, VIRAL)
    world.run()
    before = world.get(f"Task/{sent.task_id}")
    task = contest(world, sent)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.hold(case, "Dr. Tarn", "to be looked at", world.watch())
    world.run()
    assert world.trace(sent.task_id)["nextLook"] > world.watch().isoformat()
    world.house.ledger.end(case, "Dr. Tarn", "a duplicate", world.watch())
    world.run()
    assert world.state(sent.task_id) == "closed"
    now = world.get(f"Task/{task}")
    assert (now["status"], now["businessStatus"]["coding"][0]["code"]) == ("completed", "contest-undecided")
    assert now["statusReason"]["text"] == "a duplicate"
    assert world.get(f"Task/{sent.task_id}") == before
    assert [each.kind for each in world.courier.sent][-2:] == ["message", "message"], "and nothing else"


def test_while_a_person_looks_at_a_case_a_contest_waits_and_is_not_lost(world: World) -> None:
    sent = delivered(world)
    task = contest(world, sent)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.hold(case, "Dr. Tarn", "to be looked at", world.watch())
    other = contest(world, sent, "C-2")
    assert world.get(f"Task/{other}")["status"] == "requested"
    world.house.ledger.resume(case, "Dr. Tarn", world.watch())
    world.run()
    assert {world.get(f"Task/{each}")["status"] for each in (task, other)} == {"in-progress"}


def test_a_contest_that_somebody_decides_on_is_not_deleted(world: World) -> None:
    sent = delivered(world)
    task = contest(world, sent)
    answer = world.send("DELETE", f"Task/{task}")
    assert answer.status_code == 409
    assert "python -m server contest" in answer.text
    decide(world, sent, ContestEnd.UPHELD)
    assert world.state(sent.task_id) == "closed"
    assert world.send("DELETE", f"Task/{task}").status_code == 204, "one that has ended may be"


def test_one_that_is_gone_all_the_same_keeps_no_other_from_its_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = delivered(world)
    task, other = contest(world, sent), contest(world, sent, "C-2")
    monkeypatch.setattr("server.fhir.removal.rules.on_delete", lambda _: None)
    assert world.send("DELETE", f"Task/{task}").status_code == 204
    decide(world, sent, ContestEnd.UPHELD)
    assert world.state(sent.task_id) == "closed"
    assert world.get(f"Task/{other}")["status"] == "completed"


def test_while_it_is_contested_what_the_case_rests_on_is_not_deleted(world: World) -> None:
    sent = delivered(world)
    contest(world, sent)
    for each in (f"Task/{sent.task_id}", f"DiagnosticReport/{sent.report['id']}"):
        answer = world.send("DELETE", each)
        assert answer.status_code == 409
        assert "is contested no more" in answer.text


def hold_and_end(world: World, sent: Hospital) -> None:
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.hold(case, "Dr. Tarn", "to be looked at", world.watch())
    world.run()
    world.house.ledger.end(case, "Dr. Tarn", "a duplicate", world.watch())
    world.run()


def withdraw(world: World, sent: Hospital) -> None:
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.withdraw(case, Withdrawal("Dr. Tarn", "wrong unit", world.watch()))
    world.run()


def business(world: World, task: str) -> str:
    return str(world.get(f"Task/{task}")["businessStatus"]["coding"][0]["code"])


@pytest.mark.parametrize("ending", [withdraw, hold_and_end])
def test_contested_again_after_any_end_it_is_told_its_own(
    world: World, ending: Callable[[World, Hospital], None]
) -> None:
    sent = delivered(world)
    contest(world, sent)
    ending(world, sent)
    again = contest(world, sent, "C-2")
    assert world.state(sent.task_id) == "contested"
    decide(world, sent, ContestEnd.UPHELD)
    assert business(world, again) == "contest-upheld"
    third = contest(world, sent, "C-3")
    hold_and_end(world, sent)
    assert business(world, third) == "contest-undecided"


def test_what_comes_after_a_decision_and_before_it_is_told_is_contested_anew(world: World) -> None:
    sent = delivered(world)
    first = contest(world, sent)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    desk = Followed(world.house.database)
    desk.end_contest(case, Decided(ContestEnd.UPHELD, "Dr. Tarn", "looked at again"), world.watch())
    world.watch.forward(days=1)
    other = contest(world, sent, "C-2")
    assert business(world, first) == "contest-upheld"
    assert (world.state(sent.task_id), business(world, other)) == ("contested", "in-review")
    assert world.get(f"Task/{other}")["restriction"]["period"]["end"].startswith("2026-01-13")
    withdraw(world, sent)
    assert (business(world, first), business(world, other)) == ("contest-upheld", "contest-withdrawn")


def test_withdrawn_after_it_was_decided_and_before_that_is_told_it_is_told_as_withdrawn(world: World) -> None:
    sent = delivered(world)
    task = contest(world, sent)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    desk = Followed(world.house.database)
    desk.end_contest(case, Decided(ContestEnd.UPHELD, "Dr. Tarn", "looked at again"), world.watch())
    withdraw(world, sent)
    assert business(world, task) == "contest-withdrawn"
    assert world.trace(sent.task_id)["aiRead"] == "withdrawn"


def test_a_contest_is_overdue_by_its_own_date_whatever_came_before_it(world: World) -> None:
    sent = delivered(world)
    contest(world, sent)
    later(world, days=7)
    decide(world, sent, ContestEnd.UPHELD)
    before = len(messages(world))
    again = contest(world, sent, "C-2")
    due = world.get(f"Task/{again}")["restriction"]["period"]["end"]
    for number in range(6):
        later(world, days=1)
        contest(world, sent, f"D-{number}")  # it looks again
    assert [each[1] for each in messages(world)[before:]] == ["urgent"]
    assert world.trace(sent.task_id)["nextLook"] == due
    later(world, days=1)
    assert [each[1] for each in messages(world)[before:]] == ["urgent", "stat"]


def test_what_nobody_contests_is_not_decided_on(world: World) -> None:
    sent = delivered(world)
    for end in (ContestEnd.UPHELD, ContestEnd.WITHDRAWN):
        with pytest.raises(IllegalMove):
            decide(world, sent, end)
    assert world.trace(sent.task_id)["aiRead"] == "released"
