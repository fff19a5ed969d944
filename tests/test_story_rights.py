"""A patient who refuses AI is read by humans alone, if the refusal comes before the opinion is released."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from server.fhir.consent import REASON
from server.model import AiRead, Answer, Coding, Silence
from tests.world import SPECIALTY, SR, VIRAL, Hospital, World, answer_as, coded, doctor, send_case, task

pytestmark = pytest.mark.both_databases
AIAST = "AIAST"


def refuse(world: World, patient: str, kind: str = "deny", on: str = "2026-01-05") -> Any:
    return world.post(
        {
            "resourceType": "Consent",
            "status": "active",
            "scope": coded(Coding("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")),
            "category": [coded(Coding("http://loinc.org", "59284-0"))],
            "patient": {"reference": patient},
            "dateTime": on,
            "policy": [{"uri": "https://hospital.example/policy/ai"}],
            "provision": {"type": kind, "purpose": [{"system": REASON, "code": "TREATDS"}]},
        }
    )


def ai_resources(world: World) -> int:
    found = 0
    for type_ in ("Observation", "DiagnosticReport", "Provenance"):
        found += world.get(f"{type_}?_security={AIAST}&_summary=count")["total"]
    return found


def ends_without_ai(world: World, sent: Hospital, expert: str) -> None:
    """A specialist is asked, answers, and nothing that anybody gets tells of a model's answer."""
    answer_as(world, expert, VIRAL)
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert ai_resources(world) == 0
    assert all(AIAST.encode() not in each.content for each in world.courier.sent)
    task = world.get(f"Task/{sent.task_id}")
    said = {each["type"]["coding"][0]["code"]: each for each in task["output"]}
    assert said["agreement"]["valueCodeableConcept"]["coding"][0]["code"] == "not-asked"
    assert "ai-opinion" not in said


def test_no_model_sees_the_values_of_a_patient_who_has_refused(world: World) -> None:
    expert = doctor(world, "Expert", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    refuse(world, sent.patient)
    world.run()
    assert world.reader.seen == [], "not one byte reached a model"
    assert world.state(sent.task_id) == "offered"
    ends_without_ai(world, sent, expert)


def test_the_history_says_by_which_consent(world: World) -> None:
    expert = doctor(world, "Expert", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    consent = refuse(world, sent.patient)
    world.run()
    ends_without_ai(world, sent, expert)
    told = [each["detail"] for each in world.trace(sent.task_id)["history"] if each["event"] == "no AI asked"]
    assert f"Consent/{consent['id']}/_history/1" in told[0]["reason"]


def test_the_refusal_of_another_patient_and_a_later_permit_bar_nothing(world: World) -> None:
    other = send_case(world, VIRAL, number="T-2")
    refuse(world, other.patient)
    sent = send_case(world, VIRAL)
    refuse(world, sent.patient, on="2026-01-01")
    refuse(world, sent.patient, "permit", on="2026-01-02")
    world.reader.answer = Answer.ABSENT
    world.run()
    assert world.state(sent.task_id) == "closed"
    assert len(world.reader.seen) == 1


def sealed(world: World) -> tuple[Hospital, str]:
    """The model has read, nobody has signed."""
    expert = doctor(world, "Expert", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL, report_more={"status": "preliminary"})
    world.run()
    assert len(world.reader.seen) == 1
    return sent, expert


def test_refused_after_the_model_has_read_the_read_is_used_by_nobody(world: World) -> None:
    sent, expert = sealed(world)
    refuse(world, sent.patient)
    world.run()
    assert world.put({**sent.report, "status": "final"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "offered"
    ends_without_ai(world, sent, expert)
    kept = world.house.ledger.facts(str(world.house.ledger.case_of_task(sent.task_id)), "ai-read", AiRead)
    assert [each.silence for each in kept] == [None, Silence.NOT_ASKED]
    assert kept[0].answer is Answer.PRESENT, "what was said stays on record"


def accept(world: World, sent: Hospital, expert: str) -> None:
    del sent
    offered = world.get(f"Task?owner={expert}&status=requested")["entry"][0]["resource"]
    assert world.put({**offered, "status": "accepted"}).status_code == 200
    world.run()


@pytest.mark.parametrize("until", [None, accept], ids=["offered", "accepted"])
def test_refused_while_a_specialist_is_asked_the_referral_goes_on(
    world: World, until: Callable[[World, Hospital, str], None] | None
) -> None:
    expert = doctor(world, "Expert", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)  # the model says present: they differ
    world.run()
    before = world.state(sent.task_id)
    assert before == "offered"
    if until is not None:
        until(world, sent, expert)
        before = world.state(sent.task_id)
    refuse(world, sent.patient)
    world.run()
    assert world.state(sent.task_id) == before
    if until is None:
        ends_without_ai(world, sent, expert)


def test_refused_when_all_is_over_changes_nothing(world: World) -> None:
    world.reader.answer = Answer.ABSENT
    sent = send_case(world, VIRAL)
    world.run()
    assert world.state(sent.task_id) == "closed"
    before = ai_resources(world)
    refuse(world, sent.patient)
    world.run()
    assert (world.state(sent.task_id), ai_resources(world)) == ("closed", before)


def test_a_read_without_ai_may_be_asked_for(world: World) -> None:
    expert = doctor(world, "Expert", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL, kind="ai-free-read")
    world.run()
    assert world.reader.seen == []
    assert "ai-running" not in [code for _, code in world.history(sent.task_id)]
    assert ("in-progress", "being-read") in world.history(sent.task_id)
    ends_without_ai(world, sent, expert)


@pytest.mark.parametrize(
    ("first", "second"), [("second-read", "ai-free-read"), ("ai-free-read", "second-read")]
)
def test_an_open_case_does_not_answer_what_asks_otherwise(world: World, first: str, second: str) -> None:
    sent = send_case(world, VIRAL, kind=first)
    again = task(sent.patient, f"DiagnosticReport/{sent.report['id']}", "T-2")
    code = coded(Coding(f"{SR}/CodeSystem/task", second))
    answer = world.send("POST", "Task", {**again, "code": code})
    assert answer.status_code == 409
    assert sent.task_id in answer.text
