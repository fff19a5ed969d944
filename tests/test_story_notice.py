"""With the result the patient is told which part a model had, and how it does in people like them."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from server.model import Answer, Span, Subgroup, Withdrawal
from tests.test_story_rights import refuse
from tests.world import (
    BACTERIAL,
    CARD,
    SPECIALTY,
    VIRAL,
    World,
    answer_as,
    doctor,
    make_world,
    send_case,
    with_policy,
)

WOMEN = Subgroup(
    "women of 18 to 64",
    120,
    "0.91 (0.86 to 0.95)",
    "0.88 (0.80 to 0.93)",
    Span(Decimal(18), Decimal(64)),
    "female",
)
YOUNG = Subgroup("children", 80, "0.81 (0.70 to 0.90)", "0.78 (0.70 to 0.90)", Span(Decimal(0), Decimal(17)))
ADULTS = Subgroup(
    "people of 18 to 64", 200, "0.93 (0.86 to 0.95)", "0.89 (0.80 to 0.93)", Span(Decimal(18), Decimal(64))
)


def notice(world: World, task: str) -> dict[str, Any]:
    [named] = [
        each["valueReference"]["reference"]
        for each in world.get(f"Task/{task}")["output"]
        if each["type"]["coding"][0]["code"] == "patient-notice"
    ]
    return world.get(named)


def text(document: dict[str, Any]) -> str:
    return base64.b64decode(document["content"][0]["attachment"]["data"]).decode()


def test_told_with_the_result_and_not_before(world: World) -> None:
    expert = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    assert world.state(sent.task_id) == "offered"
    assert world.get("DocumentReference?_summary=count")["total"] == 0
    answer_as(world, expert, BACTERIAL)
    world.run()
    told = notice(world, sent.task_id)
    assert told["subject"]["reference"] == sent.patient
    words = text(told)
    assert "The program: scripted, version 1.0.0, of Tests." in words
    assert "What it was made for: tests" in words
    assert "does not agree with your doctor's report" in words
    assert "no figures for people of your age or sex alone" in words
    assert "0.94" not in words, "never a bare score"
    assert "AIAST" not in json.dumps(told), "no model wrote it"


def test_sent_once_under_a_minted_identifier(world: World) -> None:
    world.reader.answer = Answer.ABSENT
    sent = send_case(world, VIRAL)
    world.run()
    told = notice(world, sent.task_id)
    [opinion] = [each for each in world.courier.sent if each.kind == "opinion"]
    [entry] = [
        each
        for each in json.loads(opinion.content)["entry"]
        if each["resource"]["resourceType"] == "DocumentReference"
    ]
    known_by = entry["resource"]["identifier"]
    assert known_by == told["identifier"]
    assert known_by[0]["value"] in entry["request"]["ifNoneExist"]
    assert told["id"] == known_by[0]["value"]
    assert text(entry["resource"]) == text(told)


def test_who_has_refused_is_told_that_no_model_was_used_and_why(world: World) -> None:
    expert = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    refuse(world, sent.patient)
    world.run()
    answer_as(world, expert, VIRAL)
    world.run()
    words = text(notice(world, sent.task_id))
    assert "No AI was used, because you have refused it." in words
    assert "scripted" not in words


def test_who_asked_for_a_read_without_ai_is_told_so(world: World) -> None:
    expert = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL, kind="ai-free-read")
    world.run()
    answer_as(world, expert, VIRAL)
    world.run()
    assert "because a reading without it was asked for" in text(notice(world, sent.task_id))


def test_a_model_that_declined_is_told_of_as_that(world: World) -> None:
    expert = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    world.reader.answer = None
    sent = send_case(world, VIRAL)
    world.run()
    answer_as(world, expert, VIRAL)
    world.run()
    words = text(notice(world, sent.task_id))
    assert "It gave no answer in your case" in words
    assert "agrees with your doctor's report" in words


@pytest.mark.parametrize(
    ("sex", "groups"), [("female", (WOMEN, ADULTS)), ("male", (ADULTS,)), (None, (ADULTS,))]
)
def test_the_figures_are_those_of_people_like_the_patient(
    tmp_path: Path, sex: str | None, groups: tuple[Subgroup, ...]
) -> None:
    for world in make_world(tmp_path, card=replace(CARD, subgroups=(WOMEN, YOUNG, ADULTS))):
        world.reader.answer = Answer.ABSENT
        sent = send_case(world, VIRAL)
        if sex is not None:
            person = world.get(sent.patient)
            assert world.put({**person, "gender": sex}).status_code == 200
        world.run()
        words = text(notice(world, sent.task_id))
        for each in (WOMEN, YOUNG, ADULTS):
            shown = f"- {each.name} ({each.people} tested)" in words
            assert shown is (each in groups), each.name
            assert (each.sensitivity in words) is (each in groups)


def test_a_policy_may_leave_it_to_others(tmp_path: Path) -> None:
    for world in make_world(tmp_path, policy=with_policy(notice=False)):
        world.reader.answer = Answer.ABSENT
        sent = send_case(world, VIRAL)
        world.run()
        outputs = {each["type"]["coding"][0]["code"] for each in world.get(f"Task/{sent.task_id}")["output"]}
        assert "patient-notice" not in outputs
        assert world.get("DocumentReference?_summary=count")["total"] == 0


def test_it_is_under_seal_again_while_the_question_is_asked_anew(world: World) -> None:
    world.reader.answer = Answer.ABSENT
    sent = send_case(world, VIRAL)
    world.run()
    told = notice(world, sent.task_id)
    again = {
        **sent.task,
        "identifier": [{**sent.task["identifier"][0], "value": "T-2"}],
        "status": "requested",
    }
    asked = {name: part for name, part in again.items() if name not in ("id", "meta", "lastModified")}
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    world.reader.answer = Answer.PRESENT
    made = world.post(asked)
    world.run()
    assert world.state(made["id"]) == "offered"
    assert world.send("GET", f"DocumentReference/{told['id']}").status_code in (403, 404)


def test_of_a_withdrawn_opinion_the_patient_is_told_too_here_and_there(world: World) -> None:
    world.reader.answer = Answer.ABSENT
    sent = send_case(world, VIRAL)
    world.run()
    before = text(notice(world, sent.task_id))
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.withdraw(case, Withdrawal("Dr. Tarn", "wrong unit", world.watch()))
    world.run()
    after = text(notice(world, sent.task_id))
    assert after.startswith(
        "The AI opinion in your case has been withdrawn and must not be used: wrong unit."
    )
    assert after.endswith(before)
    [entry] = [
        each
        for each in json.loads(world.courier.sent[-1].content)["entry"]
        if each["resource"]["resourceType"] == "DocumentReference"
    ]
    assert entry["request"]["method"] == "PUT"
    assert text(entry["resource"]) == after
