"""A released result that nobody says to have read is chased by stored dates, until somebody does."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.case import State
from server.model import Answer, Coding, ReadingRules, Withdrawal
from server.store.followed import Followed
from server.worker import CaseWorker
from tests.world import EHR, SR, VIRAL, Hospital, World, coded, make_world, send_case, with_policy

HOURS = timedelta(hours=1)
RULES = ReadingRules(
    remind_after=24 * HOURS,
    remind_every=12 * HOURS,
    escalate_after=40 * HOURS,
    coordinator="Second opinion desk",
)


@pytest.fixture
def chasing(tmp_path: Path) -> Any:
    worlds = make_world(tmp_path, policy=with_policy(reading=RULES))
    yield next(worlds)
    worlds.close()  # type: ignore[attr-defined]


def delivered(world: World, **more: Any) -> Hospital:
    world.reader.answer = Answer.ABSENT
    sent = send_case(world, VIRAL, **more)
    world.run()
    return sent


def upon(world: World, sent: Hospital, code: str, number: str = "A-1", **more: Any) -> dict[str, Any]:
    """A Task upon a result, as its sender posts it."""
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "identifier": [{"system": EHR, "value": number}],
        "code": coded(Coding(f"{SR}/CodeSystem/task", code)),
        "focus": {"reference": f"Task/{sent.task_id}"},
        "for": {"reference": sent.patient},
        "authoredOn": world.watch().isoformat(),
        "requester": {"reference": sent.role},
        **more,
    }


def messages(world: World) -> list[tuple[str, str, str]]:
    """(category, priority, recipient) of everything that people were told, oldest first."""
    told = [each["resource"] for each in world.get("Communication?_count=50").get("entry", [])]
    return [
        (
            each["category"][0]["coding"][0]["code"],
            each["priority"],
            each["recipient"][0].get("reference") or each["recipient"][0]["display"],
        )
        for each in sorted(told, key=lambda each: each["sent"])
    ]


def looked_at(world: World, sent: Hospital) -> str:
    """Who answers for a case that somebody looks at again at a stored date."""
    told = world.trace(sent.task_id)
    assert told["nextLook"] > world.watch().isoformat()
    return str(told["accountable"])


def counts(world: World) -> dict[str, int]:
    return world.client.get("/health").json


def later(world: World, **span: float) -> None:
    world.watch.forward(**span)
    world.run()


def test_without_the_table_a_delivered_case_is_closed(world: World) -> None:
    sent = delivered(world)
    assert world.state(sent.task_id) == "closed"
    later(world, days=30)
    assert world.get("Communication?_summary=count")["total"] == 0


def test_reminded_more_urgently_each_time_then_escalated_until_somebody_reads(chasing: World) -> None:
    world = chasing
    sent = delivered(world)
    assert world.state(sent.task_id) == "sent"
    assert looked_at(world, sent) == "first reader"
    assert messages(world) == []
    later(world, hours=23)
    assert messages(world) == []
    later(world, hours=1)
    assert messages(world) == [("unread-result", "urgent", sent.role)]
    later(world, hours=12)
    assert messages(world)[1:] == [("unread-result", "asap", sent.role)]
    assert world.state(sent.task_id) == "sent"
    later(world, hours=4)
    assert world.state(sent.task_id) == "unread"
    assert looked_at(world, sent) == "coordinator"
    assert messages(world)[2:] == [("unread-result", "stat", "Second opinion desk")]
    assert (counts(world)["unreadResults"], counts(world)["resultsToRead"]) == (1, 0)
    metrics = world.client.get("/metrics").text
    assert 'second_reader_cases{state="unread"} 1.0' in metrics
    later(world, hours=12)
    assert len(messages(world)) == 4
    said = world.post(upon(world, sent, "acknowledge"))
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert world.get(f"Task/{said['id']}")["status"] == "completed"
    later(world, days=30)
    assert len(messages(world)) == 4
    assert counts(world)["unreadResults"] == 0
    told = world.trace(sent.task_id)["history"][-1]
    assert (told["event"], told["actor"]) == ("result read", sent.role)


def test_the_ehr_is_told_once_under_minted_identifiers(chasing: World) -> None:
    world = chasing
    delivered(world)
    later(world, hours=24)
    [sent] = [each for each in world.courier.sent if each.kind == "message"]
    [entry] = json.loads(sent.content)["entry"]
    value = entry["resource"]["identifier"][0]["value"]
    assert value in entry["request"]["ifNoneExist"]
    assert world.get(f"Communication/{value}")["status"] == "completed"
    assert VIRAL.code not in sent.content.decode(), "nothing in it says what anybody has found"


def test_read_before_it_was_due_nobody_is_reminded(chasing: World) -> None:
    world = chasing
    sent = delivered(world)
    world.post(upon(world, sent, "acknowledge"))
    world.run()
    assert world.state(sent.task_id) == "closed"
    later(world, days=30)
    assert messages(world) == []


def test_a_coordinator_may_say_it_for_a_clinician(chasing: World) -> None:
    world = chasing
    sent = delivered(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    desk = Followed(world.house.database)
    assert [each.id for each in desk.standing((State.SENT, State.UNREAD), 10)] == [case]
    assert desk.read(case, "Dr. Tarn, by telephone", world.watch()) is not None
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert desk.standing((State.SENT, State.UNREAD), 10) == []


def test_two_workers_on_one_due_date_remind_once(chasing: World) -> None:
    world = chasing
    delivered(world)
    world.watch.forward(hours=24)
    first, other = (CaseWorker(world.house.ledger, world.cases.tools, world.watch, 3) for _ in range(2))
    assert [first.once(), other.once(), first.once(), other.once()].count(True) == 1
    assert len(messages(world)) == 1


def test_a_clock_that_jumps_back_an_hour_neither_doubles_nor_loses_a_reminder(chasing: World) -> None:
    world = chasing
    sent = delivered(world)
    later(world, hours=24)
    assert len(messages(world)) == 1
    world.watch.forward(hours=-1)
    world.run()
    later(world, hours=1)
    assert len(messages(world)) == 1
    later(world, hours=12)
    assert len(messages(world)) == 2
    world.watch.forward(hours=-1)
    world.run()
    later(world, hours=5)
    assert world.state(sent.task_id) == "unread"
    assert len(messages(world)) == 3


def test_while_it_is_unread_the_same_question_may_be_asked_anew(chasing: World) -> None:
    world = chasing
    sent = delivered(world)
    again = {
        **{name: part for name, part in sent.task.items() if name not in ("id", "meta", "lastModified")},
        "identifier": [{**sent.task["identifier"][0], "value": "T-2"}],
        "status": "requested",
    }
    assert world.send("POST", "Task", again).status_code == 201
    world.run()


def test_a_late_correction_of_the_report_is_noted_all_the_same(chasing: World) -> None:
    world = chasing
    sent = delivered(world)
    assert world.put({**sent.report, "status": "corrected"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "sent"
    events = [each["event"] for each in world.trace(sent.task_id)["history"]]
    assert events.count("first report corrected late") == 1
    later(world, hours=24)
    assert len(messages(world)) == 1


def test_an_opinion_withdrawn_meanwhile_is_to_be_read_anew(chasing: World) -> None:
    world = chasing
    sent = delivered(world)
    world.post(upon(world, sent, "acknowledge"))
    world.run()
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.withdraw(case, Withdrawal("Dr. Tarn", "wrong unit", world.watch()))
    world.run()
    assert world.state(sent.task_id) == "sent"
    later(world, hours=24)
    assert len(messages(world)) == 1
    world.post(upon(world, sent, "acknowledge", "A-2"))
    world.run()
    assert world.state(sent.task_id) == "closed"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"focus": {"reference": "Task/none"}}, "whose result is meant"),
        ({"requester": None}, "who has read the result"),
        ({"requester": {"type": "Patient", "display": "P"}}, "a clinician's word is needed"),
        ({"status": "accepted"}, "a new Task has status requested"),
        ({"identifier": []}, "the placer's identifier"),
    ],
)
def test_what_cannot_be_told_is_refused_with_what_is_needed(
    chasing: World, change: dict[str, Any], said: str
) -> None:
    world = chasing
    sent = delivered(world)
    body = {**upon(world, sent, "acknowledge"), **change}
    answer = world.send("POST", "Task", {name: part for name, part in body.items() if part})
    assert answer.status_code in (400, 422)
    assert said in answer.text or "Task/none" in str(change)


def test_what_is_not_released_cannot_have_been_read(world: World) -> None:
    sent = send_case(world, VIRAL, report_more={"status": "preliminary"})
    world.run()
    answer = world.send("POST", "Task", upon(world, sent, "acknowledge"))
    assert answer.status_code == 422
    assert "that Task has no result" in answer.text


def test_while_it_is_unread_or_contested_what_was_released_stays_to_be_seen(chasing: World) -> None:
    world = chasing
    sent = delivered(world)
    outputs = world.get(f"Task/{sent.task_id}")["output"]
    named = [each["valueReference"]["reference"] for each in outputs if "valueReference" in each]
    assert len(named) == 2
    seen = [world.state(sent.task_id)]
    assert all(world.get(each) for each in named)
    later(world, hours=40)
    seen.append(world.state(sent.task_id))
    assert all(world.get(each) for each in named)
    world.post(upon(world, sent, "contest", reasonCode={"text": "no"}))
    world.run()
    seen.append(world.state(sent.task_id))
    assert all(world.get(each) for each in named)
    assert seen == ["sent", "unread", "contested"]
    assert world.trace(sent.task_id)["aiRead"] == "released"


def test_while_nobody_has_read_it_what_the_case_rests_on_is_not_deleted(tmp_path: Path) -> None:
    for world in make_world(tmp_path, policy=with_policy(reading=RULES, notice=False)):
        sent = delivered(world)
        for each in (f"Task/{sent.task_id}", f"DiagnosticReport/{sent.report['id']}"):
            answer = world.send("DELETE", each)
            assert answer.status_code == 409
            assert "has been read" in answer.text
        later(world, hours=40)
        assert world.send("DELETE", f"Task/{sent.task_id}").status_code == 409
        world.post(upon(world, sent, "acknowledge"))
        world.run()
        assert world.state(sent.task_id) == "closed"
        assert "has been read" not in world.send("DELETE", f"Task/{sent.task_id}").text


def test_what_was_said_before_an_opinion_is_withdrawn_is_not_said_of_the_withdrawal(chasing: World) -> None:
    world = chasing
    sent = delivered(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    before = world.post(upon(world, sent, "acknowledge"))  # and no worker runs
    world.house.ledger.withdraw(case, Withdrawal("Dr. Tarn", "wrong unit", world.watch()))
    between = world.post(upon(world, sent, "acknowledge", "A-2"))
    world.run()
    assert {world.get(f"Task/{each['id']}")["status"] for each in (before, between)} == {"completed"}
    assert world.state(sent.task_id) == "sent"
    later(world, hours=24)
    assert len(messages(world)) == 1
    world.post(upon(world, sent, "acknowledge", "A-3"))
    world.run()
    assert world.state(sent.task_id) == "closed"


def test_whoever_says_it_twice_has_read_it_once(chasing: World) -> None:
    world = chasing
    sent = delivered(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    desk = Followed(world.house.database)
    tasks = [world.post(upon(world, sent, "acknowledge", f"A-{number}")) for number in range(2)]
    world.run()
    tasks.append(world.post(upon(world, sent, "acknowledge", "A-9")))
    world.run()
    assert {world.get(f"Task/{each['id']}")["status"] for each in tasks} == {"completed"}

    def read() -> int:
        world.run()
        return [each["event"] for each in world.trace(sent.task_id)["history"]].count("result read")

    assert read() == 1
    for _ in range(3):
        found = desk.read(case, "Dr. Tarn", world.watch())
        assert found is not None
        assert found.position.state is State.CLOSED
        assert read() == 2, "another person has read it too"


def test_while_a_person_looks_at_it_what_was_released_stays_to_be_seen_and_is_counted(chasing: World) -> None:
    world = chasing
    sent = delivered(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    outputs = world.get(f"Task/{sent.task_id}")["output"]
    named = [each["valueReference"]["reference"] for each in outputs if "valueReference" in each]
    named.append(f"DiagnosticReport/{sent.report['id']}")
    for code, key in ((None, "resultsToRead"), (None, "unreadResults"), ("contest", "contestedResults")):
        if key == "unreadResults":
            later(world, hours=40)
        if code:
            world.post(upon(world, sent, code, reasonCode={"text": "no"}))
            world.run()
        world.house.ledger.hold(case, "Dr. Tarn", "to be looked at", world.watch())
        world.run()
        assert world.state(sent.task_id) == "held"
        assert all(world.get(each) for each in named)
        assert world.get("DiagnosticReport?_summary=count")["total"] == 2
        assert counts(world)[key] == 1
        world.house.ledger.resume(case, "Dr. Tarn", world.watch())
        world.run()


def test_what_was_not_released_when_a_person_stopped_it_stays_under_seal(world: World) -> None:
    sent = send_case(world, VIRAL)
    world.run()
    assert world.state(sent.task_id) == "held"
    assert world.send("GET", f"DiagnosticReport/{sent.report['id']}").status_code == 403


def test_while_a_person_looks_at_a_released_result_nothing_ends_its_case_any_more(chasing: World) -> None:
    world = chasing
    sent = delivered(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.hold(case, "Dr. Tarn", "to be looked at", world.watch())
    world.run()
    assert world.put({**sent.report, "status": "entered-in-error"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "held", "its result is out, and is still owed to be read"
    world.house.ledger.resume(case, "Dr. Tarn", world.watch())
    later(world, hours=24)
    assert world.state(sent.task_id) == "sent"
    told = [each["event"] for each in world.trace(sent.task_id)["history"]]
    assert "first report withdrawn late" in told
    assert "reminded of an unread result" in told
