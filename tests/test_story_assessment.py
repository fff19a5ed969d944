"""A patient asks for an independent assessment: by whom, blind, and with a checked record of independence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.model import Coding, Finding, Independence, Reveal
from tests.test_story_notice import notice, text
from tests.world import (
    BACTERIAL,
    SPECIALTY,
    SR,
    VIRAL,
    Hospital,
    World,
    answer_as,
    coded,
    doctor,
    make_world,
    send_case,
    task,
    with_policy,
)

pytestmark = pytest.mark.both_databases
LINE = f"{SR}/StructureDefinition/reports-to"


def assessor(by: str) -> dict[str, Any]:
    kind = coded(Coding(f"{SR}/CodeSystem/task", "assessor"))
    return {"type": kind, "valueCodeableConcept": coded(Coding(f"{SR}/CodeSystem/task", by))}


def request(sent: Hospital, by: str | None, number: str = "P-9") -> dict[str, Any]:
    made = task(sent.patient, f"DiagnosticReport/{sent.report['id']}", number)
    code = coded(Coding(f"{SR}/CodeSystem/task", "independent-assessment"))
    extra = [] if by is None else [assessor(by)]
    return {**made, "code": code, "requester": {"reference": sent.patient}, "input": [*made["input"], *extra]}


def second_read(world: World) -> tuple[Hospital, str]:
    """A case that is over: first reader, model, and a specialist who has read."""
    expert = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    answer_as(world, expert, BACTERIAL)
    world.run()
    assert world.state(sent.task_id) == "closed"
    return sent, expert


def record(world: World, task_id: str) -> Independence:
    case = str(world.house.ledger.case_of_task(task_id))
    [found] = world.house.ledger.facts(case, "independence", Independence)
    return found


def shown(world: World, task_id: str) -> tuple[str, str]:
    outputs = {each["type"]["coding"][0]["code"]: each for each in world.get(f"Task/{task_id}")["output"]}
    told = outputs["independence"]["valueCodeableConcept"]
    return told["coding"][0]["code"], told["text"]


def tell_line(world: World, role: str, chief: str | None) -> None:
    told = {"valueCode": "nobody"} if chief is None else {"valueReference": {"reference": chief}}
    current = world.get(role)
    assert world.put({**current, "extension": [{"url": LINE, **told}]}).status_code == 200


def test_a_human_assesses_who_has_seen_no_earlier_opinion(world: World) -> None:
    sent, earlier = second_read(world)
    outputs = world.get(f"Task/{sent.task_id}")["output"]
    opinion, signed = (
        next(o["valueReference"]["reference"] for o in outputs if o["type"]["coding"][0]["code"] == kind)
        for kind in ("ai-opinion", "specialist-report")
    )
    read = len(world.reader.seen)
    other = doctor(world, "Sorrel", "Third House", SPECIALTY)
    asked = world.post(request(sent, "human"))
    world.run()
    assert world.state(asked["id"]) == "offered"
    assert len(world.reader.seen) == read, "no model is asked"
    [offered] = world.get(f"Task?owner={other}&status=requested")["entry"]
    assert offered["resource"]["for"]["reference"] == sent.patient
    assert "entry" not in world.get(f"Task?owner={earlier}&status=requested"), (
        "who has read before is not asked"
    )
    for hidden in (opinion, signed.partition("/_history")[0], f"DiagnosticReport/{sent.report['id']}"):
        assert world.send("GET", hidden).status_code in (403, 404), hidden
    answer_as(world, other, VIRAL)
    world.run()
    assert world.state(asked["id"]) == "closed"
    assert world.history(asked["id"])[-1] == ("completed", "closed-upheld")
    assert world.send("GET", opinion).status_code == 200, "and then everything is shown again"


def test_the_record_says_what_was_checked_and_refuses_the_label_where_something_is_not_known(
    world: World,
) -> None:
    sent, earlier = second_read(world)
    other = doctor(world, "Sorrel", "Third House", SPECIALTY)
    asked = world.post(request(sent, "human"))
    world.run()
    answer_as(world, other, VIRAL)
    world.run()
    found = record(world, asked["id"])
    assert found.role == other
    assert {sent.role, earlier} <= set(found.earlier)
    assert {each.what: each.finding for each in found.checks} == {
        "person": Finding.DIFFERENT,
        "organisation": Finding.DIFFERENT,
        "reporting line": Finding.UNKNOWN,
        "sight": Finding.DIFFERENT,
    }
    code, words = shown(world, asked["id"])
    assert code == "not-shown"
    assert "does not say to whom they report" in words
    assert words in text(notice(world, asked["id"]))


def test_with_every_reporting_line_known_and_apart_it_is_called_independent(world: World) -> None:
    sent, earlier = second_read(world)
    other = doctor(world, "Sorrel", "Third House", SPECIALTY)
    for each in (sent.role, earlier, other):
        tell_line(world, each, None)
    asked = world.post(request(sent, "human"))
    world.run()
    answer_as(world, other, VIRAL)
    world.run()
    assert record(world, asked["id"]).shown
    code, words = shown(world, asked["id"])
    assert code == "independent"
    assert words.startswith("Independent: another person; another organisation; another reporting line; no ")


def test_a_colleague_of_an_earlier_specialist_is_not_independent(world: World) -> None:
    sent, earlier = second_read(world)
    house = world.get(earlier)["organization"]
    person = world.post({"resourceType": "Practitioner", "name": [{"family": "Rue"}]})
    world.post(
        {
            "resourceType": "PractitionerRole",
            "active": True,
            "practitioner": {"reference": f"Practitioner/{person['id']}"},
            "organization": house,
            "specialty": [coded(SPECIALTY)],
        }
    )
    asked = world.post(request(sent, "human"))
    world.run()
    assert world.state(asked["id"]) == "held", "a coordinator looks, rather than anybody unfit is asked"


@pytest.mark.parametrize("by", ["other-model", "both"])
def test_another_model_is_refused_with_what_is_available(world: World, by: str) -> None:
    sent, _ = second_read(world)
    answer = world.send("POST", "Task", request(sent, by))
    assert answer.status_code == 422
    assert "only one model reads this question here" in answer.text
    assert "available: human" in answer.text


@pytest.mark.parametrize("by", [None, "anybody"])
def test_by_whom_is_needed(world: World, by: str | None) -> None:
    sent, _ = second_read(world)
    answer = world.send("POST", "Task", request(sent, by))
    assert answer.status_code == 422
    assert "the input assessor" in answer.text


def test_it_may_be_asked_for_before_anybody_else_was(world: World) -> None:
    other = doctor(world, "Sorrel", "Third House", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    answer = world.send("POST", "Task", request(sent, "human"))
    assert answer.status_code == 409, "the open case does not answer it, and is not answered by it"
    answer_as(world, other, VIRAL)
    world.run()
    assert world.send("POST", "Task", request(sent, "human")).status_code == 201


def test_a_second_read_has_no_record(world: World) -> None:
    sent, _ = second_read(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    assert world.house.ledger.facts(case, "independence", Independence) == []


def test_the_assessor_is_shown_no_earlier_opinion_after_the_blind_answer_either(tmp_path: Path) -> None:
    for world in make_world(tmp_path, policy=with_policy(reveal=Reveal.ALWAYS)):
        first = doctor(world, "Quill", "Elsewhere", SPECIALTY)
        sent = send_case(world, VIRAL, kind="ai-free-read")
        world.run()
        answer_as(world, first, VIRAL)
        world.run()
        assert world.state(sent.task_id) == "closed"
        other = doctor(world, "Sorrel", "Third House", SPECIALTY)
        asked = world.post(request(sent, "human"))
        world.run()
        answer_as(world, other, BACTERIAL)
        world.run()
        assert world.history(asked["id"])[-1] == ("completed", "closed-amended")
        assert world.get("Task?code=final-read&_summary=count")["total"] == 0
