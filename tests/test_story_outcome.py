"""How a resolved case turned out: told, counted, and under seal while somebody reads the case anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from server.arbitration import Kept
from server.case import IllegalMove
from server.model import Answer, Basis, TurnedOut
from server.store.outcomes import Outcomes
from tests.test_story_assessment import second_read
from tests.test_story_gatekeeper import (
    OPENS_AFTER,
    Gatekeeping,
    asked,
    counted,
    gatekeeping,
    signed,
    specialist,
)
from tests.test_story_policies import business, events
from tests.test_story_reopened import asked_anew, case_of
from tests.test_story_unread import chasing, delivered, upon
from tests.world import (
    BACTERIAL,
    EHR,
    SR,
    VIRAL,
    Hospital,
    World,
    answer_as,
    send_case,
)

__all__ = ["chasing", "gatekeeping"]
pytestmark = pytest.mark.both_databases
PRESENT, ABSENT = "52101004", "2667000"
OURS = f"{SR}/CodeSystem/task"


def said(kind: str, **value: Any) -> dict[str, Any]:
    return {"type": {"coding": [{"system": OURS, "code": kind}]}, **value}


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def finding(code: str = PRESENT) -> dict[str, Any]:
    return said("outcome-finding", valueCodeableConcept=concept("http://snomed.info/sct", code))


def basis(code: str = "culture") -> dict[str, Any]:
    return said("outcome-basis", valueCodeableConcept=concept(f"{SR}/CodeSystem/outcome-basis", code))


def outcome(world: World, sent: Hospital, *inputs: dict[str, Any], number: str = "O-1", **more: Any) -> Any:
    task = upon(world, sent, "outcome", number, **{"input": list(inputs), **more})
    answer = world.send("POST", "Task", task)
    world.run()
    return answer


def told(world: World, sent: Hospital) -> list[TurnedOut]:
    return world.house.ledger.facts(case_of(world, sent), "turned-out", TurnedOut)


def test_a_clinician_tells_how_it_turned_out(world: World) -> None:
    sent = delivered(world)
    culture = world.post(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "CSF culture"},
            "subject": {"reference": sent.patient},
        }
    )
    shown = said("outcome-evidence", valueReference={"reference": f"Observation/{culture['id']}"})
    known = said("outcome-known", valueDateTime="2025-12-30T08:00:00Z")
    answer = outcome(world, sent, finding(), basis(), shown, known)
    assert answer.status_code == 201, answer.text
    task = world.get(f"Task/{answer.json['id']}")
    assert task["status"] == "completed"
    assert world.state(sent.task_id) == "closed"
    [word] = told(world, sent)
    assert (word.finding, word.basis, word.by) == (Answer.PRESENT, Basis.CULTURE, sent.role)
    assert word.known_at.isoformat() == "2025-12-30T08:00:00+00:00"
    assert word.evidence == f"Observation/{culture['id']}"
    last = world.trace(sent.task_id)["history"][-1]
    assert (last["event"], last["actor"], last["detail"]["basis"]) == ("outcome linked", sent.role, "culture")
    assert "present" not in str(last), "what it was stands in its Task and where cases are counted"


def test_without_a_day_it_is_known_since_it_was_written(world: World) -> None:
    sent = delivered(world)
    authored = (world.watch() - timedelta(days=2)).isoformat()
    assert outcome(world, sent, finding(ABSENT), basis(), authoredOn=authored).status_code == 201
    [word] = told(world, sent)
    assert word.known_at.isoformat() == authored


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ([basis()], "outcome-finding"),
        ([finding(), finding(ABSENT), basis()], "needed, once"),
        ([finding("10828004"), basis()], "52101004 (Present) or http://snomed.info/sct|2667000 (Absent) or"),
        ([finding()], "autopsy, histology, culture"),
        ([finding(), basis("hearsay")], "autopsy, histology, culture"),
        ([finding(), basis(), said("outcome-known", valueDateTime="2999-01-01")], "not later than now"),
        ([finding(), basis(), said("outcome-known", valueString="yesterday")], "not later than now"),
        (
            [finding(), basis(), said("outcome-evidence", valueReference={"reference": "Observation/none"})],
            "Observation",
        ),
        (
            [finding(), basis(), said("outcome-evidence", valueReference={"display": "a culture"})],
            "refers to one",
        ),
    ],
)
def test_what_cannot_be_counted_is_refused_with_what_would_be_taken(
    world: World, inputs: list[dict[str, Any]], says: str
) -> None:
    sent = delivered(world)
    answer = outcome(world, sent, *inputs)
    assert answer.status_code == 422, answer.text
    assert says in answer.text
    assert not told(world, sent)


def test_what_shows_it_is_the_patients_own(world: World) -> None:
    sent, other = delivered(world), send_case(world, VIRAL, number="T-2")
    theirs = world.post(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "CSF culture"},
            "subject": {"reference": other.patient},
        }
    )
    shown = said("outcome-evidence", valueReference={"reference": f"Observation/{theirs['id']}"})
    same = other.patient == sent.patient
    answer = outcome(world, sent, finding(), basis(), shown)
    assert (answer.status_code, "another patient" in answer.text) == ((201, False) if same else (422, True))


def test_no_patient_and_no_device_tells_it_and_nobody_before_there_is_a_result(world: World) -> None:
    sent = delivered(world)
    refused = outcome(world, sent, finding(), basis(), requester={"reference": sent.patient})
    assert refused.status_code == 422
    assert "clinician" in refused.text
    early = send_case(world, VIRAL, number="T-2", report_more={"status": "preliminary"})
    world.run()
    refused = outcome(world, early, finding(), basis(), number="O-2")
    assert refused.status_code == 422
    assert "has no result" in refused.text


def test_the_last_word_counts_and_the_same_again_is_none(world: World) -> None:
    sent = delivered(world)
    desk, case = Outcomes(world.house.database), case_of(world, sent)
    assert outcome(world, sent, finding(), basis()).status_code == 201
    [against] = desk.against(10)
    assert (against.case, against.turned_out, against.first) == (case, Answer.PRESENT, Answer.ABSENT)
    word, said = TurnedOut(Answer.ABSENT, Basis.AUTOPSY, world.watch(), "Dr. Tarn"), list[bool]()
    for _ in range(2):
        said.append(desk.tell(case, word, world.watch()))
        world.run()
    assert said == [True, False]
    assert desk.against(10) == []
    assert [each.finding for each in told(world, sent)] == [Answer.PRESENT, Answer.ABSENT]
    assert world.state(sent.task_id) == "closed"


def test_unknown_takes_back_what_was_told(world: World) -> None:
    sent = delivered(world)
    desk = Outcomes(world.house.database)
    assert outcome(world, sent, finding(), basis()).status_code == 201
    assert outcome(world, sent, finding("261665006"), basis(), number="O-2").status_code == 201
    assert [each.finding for each in told(world, sent)] == [Answer.PRESENT, None]
    assert desk.against(10) == []
    assert len(desk.missing(world.watch() + timedelta(days=1), 10)) == 1


def test_what_nobody_has_told_is_listed_from_the_day_asked_for(world: World) -> None:
    sent = delivered(world)
    desk = Outcomes(world.house.database)
    assert desk.missing(world.watch(), 10) == []
    world.watch.forward(days=30, seconds=1)
    [missing] = desk.missing(world.watch() - timedelta(days=30), 10)
    assert missing.case == case_of(world, sent)
    assert missing.task == f"{EHR}|T-1"
    assert desk.named(missing.task) == missing.case == desk.named(missing.case)
    assert outcome(world, sent, finding(ABSENT), basis()).status_code == 201
    assert desk.missing(world.watch(), 10) == []


def test_nobody_tells_it_of_an_open_case(world: World) -> None:
    sent = send_case(world, VIRAL, report_more={"status": "preliminary"})
    world.run()
    word = TurnedOut(Answer.ABSENT, Basis.AUTOPSY, world.watch(), "Dr. Tarn")
    with pytest.raises(IllegalMove):
        Outcomes(world.house.database).tell(case_of(world, sent), word, world.watch())


def test_while_the_question_is_asked_anew_hindsight_is_under_seal(world: World) -> None:
    """Also what has come before: whoever reads blind is not told how it ended."""
    sent = delivered(world)
    first = outcome(world, sent, finding(), basis()).json["id"]
    _, other = asked_anew(world, sent)
    late = outcome(world, sent, finding(), basis("autopsy"), number="O-2")
    assert late.status_code == 201
    second = late.json["id"]
    for each in (first, second):
        assert world.send("GET", f"Task/{each}").status_code == 403
    for path in (
        "Task?_count=100",
        "Task/_history?_count=100",
        f"Task/{first}/_history/1",
        "_history?_count=500",
    ):
        answer = world.send("GET", path).text
        assert PRESENT not in answer, path
        assert "autopsy" not in answer, path
    assert "autopsy" not in str(world.trace(sent.task_id))
    assert Outcomes(world.house.database).against(10) == [], "or the list would tell"
    answer_as(world, other, VIRAL)
    world.run()
    assert world.send("GET", f"Task/{second}").status_code == 200
    assert len(Outcomes(world.house.database).against(10)) == 1


def test_a_held_case_takes_it_in_once_it_is_resumed(chasing: World) -> None:
    world = chasing
    sent = delivered(world)
    case, ledger = case_of(world, sent), world.house.ledger
    assert outcome(world, sent, finding(ABSENT), basis()).status_code == 201
    ledger.hold(case, "Dr. Tarn", "to be looked at", world.watch())
    answer = outcome(world, sent, finding(), basis("autopsy"), number="O-2")
    assert answer.status_code == 201
    assert len(told(world, sent)) == 1
    ledger.resume(case, "Dr. Tarn", world.watch())
    world.run()
    assert [each.basis for each in told(world, sent)] == [Basis.CULTURE, Basis.AUTOPSY]
    assert world.get(f"Task/{answer.json['id']}")["status"] == "completed"


def test_a_case_that_was_ruled_out_and_turns_out_present_is_given_to_a_person(
    gatekeeping: Gatekeeping,
) -> None:
    world = gatekeeping()
    sent = asked(world, "T-1")
    assert business(world, sent) == "closed-ruled-out"
    assert outcome(world, sent, finding(), basis()).status_code == 201
    assert world.state(sent.task_id) == "contested"
    assert events(world, sent)[-2:] == ["outcome linked", "result contested"]
    assert "should not have been" in str(world.trace(sent.task_id)["history"][-1])
    assert outcome(world, sent, finding(), basis("autopsy"), number="O-2").status_code == 201
    assert events(world, sent).count("result contested") == 1, "the same once more is no news"
    passed = counted(world)
    assert (passed.ruled_out, passed.reread, passed.found) == (1, OPENS_AFTER + 1, 1)


def test_absent_it_proves_nothing_and_harms_nothing(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping()
    sent = asked(world, "T-1")
    assert outcome(world, sent, finding(ABSENT), basis()).status_code == 201
    assert world.state(sent.task_id) == "closed"
    assert business(world, asked(world, "T-2")) == "closed-ruled-out"
    passed = counted(world)
    assert (passed.reread, passed.found) == (OPENS_AFTER, 0)


def test_what_humans_have_read_and_the_gate_would_have_missed_counts_against_it(
    gatekeeping: Gatekeeping,
) -> None:
    world = gatekeeping(proven=False)
    sent = asked(world, "T-1")
    signed(world, sent, VIRAL)
    assert counted(world).found == 0
    assert outcome(world, sent, finding(), basis()).status_code == 201
    assert (counted(world).reread, counted(world).found) == (1, 1)
    assert world.state(sent.task_id) == "closed"


@pytest.mark.parametrize("code", [PRESENT, ABSENT])
def test_nothing_follows_from_it_while_the_question_is_asked_anew(
    gatekeeping: Gatekeeping, code: str
) -> None:
    """Neither a state, a date, a count nor a figure tells which it was; then it is made up for."""
    world = gatekeeping()
    sent = asked(world, "T-1")
    asked_anew(world, sent)
    before = looks(world, sent)
    assert outcome(world, sent, finding(code), basis()).status_code == 201
    world.watch.forward(minutes=5)
    world.run()
    assert looks(world, sent) == before
    answer_as(world, specialist(world), VIRAL)
    world.run()
    assert world.state(sent.task_id) == ("contested" if code == PRESENT else "closed")
    assert counted(world).found == (code == PRESENT)


def test_nor_from_a_report_that_comes_meanwhile(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping()
    sent = asked(world, "T-1")
    asked_anew(world, sent)
    before = looks(world, sent)
    signed(world, sent, BACTERIAL)
    assert looks(world, sent) == before
    answer_as(world, specialist(world), VIRAL)
    world.run()
    assert world.state(sent.task_id) == "contested"


def looks(world: World, sent: Hospital) -> object:
    """What pages, lists and counts tell of a case."""
    told = world.trace(sent.task_id)
    health = world.client.get("/health").json
    metrics = [
        line
        for line in world.client.get("/metrics").text.splitlines()
        if line.startswith(("second_reader_cases", "second_reader_gatekeeper"))
    ]
    return told["state"], told["accountable"], told["nextLook"], health["contestedResults"], metrics


def test_a_day_is_enough(world: World) -> None:
    sent = delivered(world)
    known = said("outcome-known", valueDateTime="2025-12-30")
    assert outcome(world, sent, finding(), basis(), known).status_code == 201
    assert (
        outcome(world, sent, finding(), basis("autopsy"), number="O-2", authoredOn="2026-01-02").status_code
        == 201
    )
    assert [f"{each.known_at:%Y-%m-%d %H:%M}" for each in told(world, sent)] == [
        "2025-12-30 00:00",
        "2026-01-02 00:00",
    ]


def test_the_same_word_by_two_tasks_is_one(world: World) -> None:
    sent = delivered(world)
    known = said("outcome-known", valueDateTime="2025-12-30")
    for number in ("O-1", "O-2"):
        task = outcome(world, sent, finding(), basis(), known, number=number).json
        assert world.get(f"Task/{task['id']}")["status"] == "completed"
    assert len(told(world, sent)) == 1
    assert events(world, sent).count("outcome linked") == 1


def test_however_many_wait_all_are_taken_in(world: World) -> None:
    sent = delivered(world)
    tasks = [upon(world, sent, "acknowledge", f"A-{number}") for number in range(25)]
    ids = [world.post(task)["id"] for task in tasks]
    world.run()
    assert {world.get(f"Task/{each}")["status"] for each in ids} == {"completed"}


def test_a_first_report_that_was_kept_is_what_the_case_ended_with(world: World) -> None:
    sent, _ = second_read(world)
    case, desk = case_of(world, sent), Outcomes(world.house.database)
    world.house.ledger.keep(case, Kept("Dr. Dapple", "I know the patient", world.watch()))
    world.run()
    desk.tell(case, TurnedOut(Answer.ABSENT, Basis.CULTURE, world.watch(), "Lab"), world.watch())
    assert desk.against(10) == []
    later = world.watch() + timedelta(seconds=1)
    desk.tell(case, TurnedOut(Answer.PRESENT, Basis.CULTURE, later, "Lab"), later)
    [against] = desk.against(10)
    assert (against.first, against.final) == (Answer.ABSENT, None)


def test_a_word_that_was_taken_back_by_mistake_is_said_again(world: World) -> None:
    sent = delivered(world)
    case, desk, at = case_of(world, sent), Outcomes(world.house.database), world.watch()
    for finding_ in (Answer.PRESENT, None, Answer.PRESENT):
        assert desk.tell(case, TurnedOut(finding_, Basis.CULTURE, at, "Lab"), at)
        world.run()
    assert [each.finding for each in told(world, sent)] == [Answer.PRESENT, None, Answer.PRESENT]


def test_a_table_does_not_speak_against_what_is_known_since(world: World) -> None:
    """Whoever imports it next month."""
    sent = delivered(world)
    case, desk, at = case_of(world, sent), Outcomes(world.house.database), world.watch()
    old = TurnedOut(Answer.PRESENT, Basis.REGISTRY, at - timedelta(days=3), "A")
    assert desk.tell(case, old, at, of_a_table=True)
    assert desk.tell(case, TurnedOut(Answer.ABSENT, Basis.HISTOLOGY, at, "Lab"), at)
    assert not desk.tell(case, replace(old, by="B"), at, of_a_table=True)
    assert not desk.tell(case, replace(old, basis=Basis.OTHER_TEST), at, of_a_table=True), (
        "known for less long"
    )
