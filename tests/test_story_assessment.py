"""A patient asks for an independent assessment: by whom, blind, and with a checked record of independence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.model import (
    Answer,
    Card,
    Coding,
    Finding,
    Independence,
    Pathway,
    Reveal,
    SharedErrors,
    Urgency,
)
from tests.test_story_notice import notice, text
from tests.test_story_rights import refuse
from tests.world import (
    BACTERIAL,
    CARD,
    POLICY,
    SPECIALTY,
    SR,
    VIRAL,
    Hospital,
    World,
    answer_as,
    coded,
    doctor,
    make_world,
    report,
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


OTHER = replace(CARD, name="another", manufacturer="Elsewhere", family="forest", trained_on="Ward 9")
FIRST = replace(CARD, family="trees", trained_on="Ward 7")
MEASURED = SharedErrors(FIRST.identity, 0.31, 240)


@pytest.fixture
def two_models(tmp_path: Path) -> Iterator[Callable[..., World]]:
    opened: list[Iterator[World]] = []

    def open_(other: Card = OTHER, **changes: Any) -> World:
        urgency = {**POLICY.urgency, "confirmation": Urgency.URGENT}
        policy = with_policy(urgency=urgency, **changes)
        opened.append(make_world(tmp_path, card=FIRST, other=other, policy=policy))
        return next(opened[-1])

    yield open_
    for each in opened:
        next(each, None)


def test_another_model_assesses(two_models: Callable[..., World]) -> None:
    world = two_models(replace(OTHER, shared_errors=MEASURED))
    sent, _ = second_read(world)
    first, other = world.reader, world.others[OTHER.identity]
    read = len(first.seen)
    other.answer = Answer.ABSENT
    asked = world.post(request(sent, "other-model"))
    world.run()
    assert world.history(asked["id"])[-1] == ("completed", "closed-concordant")
    assert (len(first.seen), len(other.seen)) == (read, 1)
    found = record(world, asked["id"])
    assert (found.role, found.earlier) == (OTHER.identity, (FIRST.identity,))
    assert found.shown
    code, words = shown(world, asked["id"])
    assert code == "independent"
    assert words == (
        "Independent: another vendor; another model family; another training source; their errors go "
        "together by phi = 0.31, measured on 240 cases; no earlier opinion was shown to the model."
    )
    assert words in text(notice(world, asked["id"]))
    assert "The program: another" in text(notice(world, asked["id"]))


@pytest.mark.parametrize(
    ("other", "finding", "words"),
    [
        (OTHER, {"errors": Finding.UNKNOWN}, "how far their errors go together has not been measured"),
        (
            replace(OTHER, shared_errors=replace(MEASURED, other="older@0.9.0")),
            {"errors": Finding.UNKNOWN},
            "has not been measured",
        ),
        (
            replace(OTHER, manufacturer="TESTS", shared_errors=MEASURED),
            {"vendor": Finding.SHARED},
            "the vendor is the same as the first model's",
        ),
        (
            replace(OTHER, family="", shared_errors=MEASURED),
            {"model family": Finding.UNKNOWN},
            "the model family of both models is not known",
        ),
        (
            replace(OTHER, trained_on="ward 7", shared_errors=MEASURED),
            {"training source": Finding.SHARED},
            "the training source is the same",
        ),
        (
            replace(OTHER, shared_errors=replace(MEASURED, phi=0.5)),
            {"errors": Finding.SHARED},
            "their errors go together by phi = 0.50",
        ),
    ],
)
def test_the_label_is_refused_to_a_model_where_something_is_shared_or_not_known(
    two_models: Callable[..., World], other: Card, finding: dict[str, Finding], words: str
) -> None:
    world = two_models(other)
    sent, _ = second_read(world)
    world.others[OTHER.identity].answer = Answer.ABSENT
    asked = world.post(request(sent, "other-model"))
    world.run()
    found = {each.what: each.finding for each in record(world, asked["id"]).checks}
    assert {what: each for what, each in found.items() if each is not Finding.DIFFERENT} == finding
    code, told = shown(world, asked["id"])
    assert (code, words in told) == ("not-shown", True)


def test_both_assess_whatever_the_model_says(two_models: Callable[..., World]) -> None:
    world = two_models()
    sent, _ = second_read(world)
    assessor = doctor(world, "Sorrel", "Third House", SPECIALTY)
    world.others[OTHER.identity].answer = Answer.ABSENT  # as the first report
    asked = world.post(request(sent, "both"))
    world.run()
    assert world.state(asked["id"]) == "offered"
    answer_as(world, assessor, VIRAL)
    world.run()
    assert world.history(asked["id"])[-1] == ("completed", "closed-concordant")
    case = str(world.house.ledger.case_of_task(asked["id"]))
    assert [each.role for each in world.house.ledger.facts(case, "independence", Independence)] == [
        OTHER.identity,
        assessor,
    ]
    outputs = [
        each
        for each in world.get(f"Task/{asked['id']}")["output"]
        if each["type"]["coding"][0]["code"] == "independence"
    ]
    assert len(outputs) == 2


def test_where_the_other_model_differs_a_specialist_settles_it(two_models: Callable[..., World]) -> None:
    world = two_models()
    sent, _ = second_read(world)
    assessor = doctor(world, "Sorrel", "Third House", SPECIALTY)
    asked = world.post(request(sent, "other-model"))
    world.run()
    assert world.state(asked["id"]) == "offered"
    answer_as(world, assessor, VIRAL)
    world.run()
    assert world.history(asked["id"])[-1] == ("completed", "closed-upheld")


def test_a_patient_who_refuses_ai_gets_no_other_model_either(two_models: Callable[..., World]) -> None:
    world = two_models()
    sent, _ = second_read(world)
    doctor(world, "Sorrel", "Third House", SPECIALTY)
    refuse(world, sent.patient)
    asked = world.post(request(sent, "other-model"))
    world.run()
    assert world.others[OTHER.identity].seen == []
    assert world.state(asked["id"]) == "offered"


def test_where_the_policy_asks_no_model_the_patient_may(two_models: Callable[..., World]) -> None:
    world = two_models(pathway=Pathway.NONE)
    expert = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    answer_as(world, expert, VIRAL)
    world.run()
    world.others[OTHER.identity].answer = Answer.ABSENT
    asked = world.post(request(sent, "other-model"))
    world.run()
    assert (len(world.reader.seen), len(world.others[OTHER.identity].seen)) == (0, 1)
    assert world.state(asked["id"]) == "closed"


def test_both_at_once_and_one_by_one_are_asked_for_by_one_word(two_models: Callable[..., World]) -> None:
    world = two_models()
    sent, _ = second_read(world)
    made = request(sent, "human")
    answer = world.send("POST", "Task", {**made, "input": [*made["input"], assessor("other-model")]})
    assert answer.status_code == 422
    assert "available: human, other-model, both" in answer.text


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


def test_a_model_is_not_independent_of_itself(two_models: Callable[..., World]) -> None:
    world = two_models(replace(OTHER, shared_errors=MEASURED))
    sent, _ = second_read(world)
    world.others[OTHER.identity].answer = Answer.ABSENT
    for number, code in (("P-9", "independent"), ("P-10", "not-shown")):
        asked = world.post(request(sent, "other-model", number))
        world.run()
        assert shown(world, asked["id"])[0] == code
    assert record(world, asked["id"]).earlier == tuple(sorted((FIRST.identity, OTHER.identity)))


def test_where_no_model_has_read_there_is_none_to_be_independent_of(two_models: Callable[..., World]) -> None:
    world = two_models(pathway=Pathway.NONE)
    expert = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    answer_as(world, expert, VIRAL)
    world.run()
    world.others[OTHER.identity].answer = Answer.ABSENT
    asked = world.post(request(sent, "other-model"))
    world.run()
    assert record(world, asked["id"]).earlier == ()


def test_who_signed_another_first_report_on_the_question_is_not_independent(world: World) -> None:
    sent, _ = second_read(world)
    other = doctor(world, "Sorrel", "Third House", SPECIALTY)
    about = world.post(report(sent.patient, other, VIRAL))
    world.reader.answer = Answer.ABSENT
    world.post(task(sent.patient, f"DiagnosticReport/{about['id']}", "P-5"))
    world.run()
    asked = world.post(request(sent, "human"))
    world.run()
    assert world.state(asked["id"]) == "held", "nobody is left who has not signed on it"


def test_another_model_that_is_taken_away_while_a_specialist_reads_keeps_nobody_waiting(
    two_models: Callable[..., World],
) -> None:
    world = two_models()
    sent, _ = second_read(world)
    assessor = doctor(world, "Sorrel", "Third House", SPECIALTY)
    asked = world.post(request(sent, "both"))
    world.run()
    world.house.others.clear()  # type: ignore[attr-defined]
    answer_as(world, assessor, VIRAL)
    world.run()
    assert world.history(asked["id"])[-1] == ("completed", "closed-upheld")
