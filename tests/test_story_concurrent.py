"""Concurrent reading: the first reader is sent what the model says before they sign, and nobody else is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.errors import Category
from server.fhir.pens.correspondence import mint
from server.model import Answer, Pathway, Urgency, Withdrawal
from tests.test_story_gatekeeper import signed
from tests.test_story_policies import business, events, outputs
from tests.test_story_rights import refuse
from tests.world import (
    BACTERIAL,
    CARD,
    POLICY,
    SPECIALTY,
    VIRAL,
    Hospital,
    World,
    answer_as,
    doctor,
    make_world,
    send_case,
    with_policy,
)

UNSIGNED = {"status": "preliminary"}
SEEN = "The first reader had been shown the model's answer: the two are not independent."
Concurrent = Callable[..., World]


@pytest.fixture
def concurrent(tmp_path: Path) -> Iterator[Concurrent]:
    """A world whose policy shows the first reader what the model says; the audit is as small as can be."""
    opened: list[Iterator[World]] = []

    def open_(*, destination: bool = True, **changes: Any) -> World:
        urgency = {**POLICY.urgency, "confirmation": Urgency.URGENT}
        more = {"pathway": Pathway.CONCURRENT, "audit_fraction": 1e-9, "urgency": urgency, **changes}
        opened.append(make_world(tmp_path, policy=with_policy(**more), destination=destination))
        return next(opened[-1])

    yield open_
    for each in opened:
        next(each, None)


def unsigned(world: World, says: Answer | None = Answer.PRESENT, **more: Any) -> Hospital:
    """The model has read; the clinician has not signed."""
    world.reader.answer = says
    sent = send_case(world, None, report_more=UNSIGNED, **more)
    world.run()
    return sent


def documents(world: World, kind: str) -> list[dict[str, Any]]:
    return [json.loads(each.content) for each in world.courier.sent if each.kind == kind]


def resources(bundle: dict[str, Any], type_: str) -> list[dict[str, Any]]:
    return [each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == type_]


@pytest.mark.parametrize(
    ("says", "words"), [(Answer.PRESENT, "present"), (Answer.ABSENT, "absent"), (None, "declines")]
)
def test_the_first_reader_is_sent_what_the_model_says(
    concurrent: Concurrent, says: Answer | None, words: str
) -> None:
    world = concurrent()
    sent = unsigned(world, says)
    assert world.state(sent.task_id) == "ready"
    assert business(world, sent) == "ai-shown"
    [preview] = documents(world, "preview")
    [opinion] = resources(preview, "DiagnosticReport")
    assert opinion["status"] == "partial"
    assert opinion["conclusion"] == (
        f"AI second read, not verified by a clinician. AI second read: {words} "
        "Shown to the first reader before signing, by the policy of this question. What the model cannot do: "
        "tests."
    )
    [task] = resources(preview, "Task")
    assert [each["type"]["coding"][0]["code"] for each in task["output"]] == ["ai-opinion"]
    # At our own door nothing is shown to anybody.
    assert "output" not in world.get(f"Task/{sent.task_id}")
    assert world.get("DiagnosticReport?_security=AIAST&_summary=count")["total"] == 0
    assert "AI read shown to the first reader" in events(world, sent)


def test_that_it_was_seen_stands_wherever_the_result_is_told(concurrent: Concurrent) -> None:
    world = concurrent()
    sent = unsigned(world)
    signed(world, sent, BACTERIAL)
    assert business(world, sent) == "closed-concordant"
    assert outputs(world, sent)["first-reader-shown-ai"]["valueBoolean"] is True
    told = world.get(outputs(world, sent)["ai-opinion"]["valueReference"]["reference"])
    assert SEEN in told["conclusion"]
    notice = world.get(outputs(world, sent)["patient-notice"]["valueReference"]["reference"])
    assert "your doctor was shown what it said" in decoded(notice)
    # What is there by the preview is replaced, not created a second time.
    [opinion] = documents(world, "opinion")
    requests = {
        each["resource"]["resourceType"]: each["request"]
        for each in opinion["entry"]
        if each["resource"].get("meta", {}).get("security")
    }
    minted = mint(str(world.house.ledger.case_of_task(sent.task_id)), "opinion-report")
    assert requests["DiagnosticReport"]["method"] == "PUT"
    assert str(minted) in requests["DiagnosticReport"]["url"]
    assert requests["Observation"]["method"] == "PUT"


def decoded(notice: dict[str, Any]) -> str:
    import base64

    return base64.b64decode(notice["content"][0]["attachment"]["data"]).decode()


def test_the_specialist_stays_blind(concurrent: Concurrent) -> None:
    world = concurrent()
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = unsigned(world)
    signed(world, sent, VIRAL)
    assert world.state(sent.task_id) == "offered"
    shown = [each for each in documents(world, "referral") if "AIAST" in json.dumps(each)]
    assert shown == []
    # The EHR's own Task goes on naming the opinion that is there.
    [task] = [
        e
        for e in resources(documents(world, "referral")[-1], "Task")
        if '"second-read"' in json.dumps(e["code"])
    ]
    kinds = [each["type"]["coding"][0]["code"] for each in task["output"]]
    assert kinds == ["ai-opinion", "referral"]
    answer_as(world, specialist, BACTERIAL)
    world.run()
    assert business(world, sent) == "closed-amended"


def test_who_has_signed_before_is_shown_nothing(concurrent: Concurrent) -> None:
    world = concurrent()
    sent = send_case(world, BACTERIAL)
    world.run()
    assert documents(world, "preview") == []
    assert business(world, sent) == "closed-concordant"
    assert "first-reader-shown-ai" not in outputs(world, sent)


def test_where_there_is_nobody_to_send_it_to_nothing_is_shown(concurrent: Concurrent) -> None:
    world = concurrent(destination=False)
    sent = unsigned(world)
    assert business(world, sent) == "ai-running"
    signed(world, sent, BACTERIAL)
    assert "first-reader-shown-ai" not in outputs(world, sent)


def test_under_the_switch_nothing_is_shown(concurrent: Concurrent) -> None:
    world = concurrent()
    world.house.rulings.switches.throw(CARD.question, "Ada", "a try", world.watch())
    unsigned(world)
    assert documents(world, "preview") == []


def test_values_that_are_corrected_call_it_back_and_the_new_read_is_shown(concurrent: Concurrent) -> None:
    world = concurrent()
    sent = unsigned(world)
    [value, *_] = [e["resource"] for e in world.get(f"Observation?patient={sent.patient}")["entry"]]
    world.reader.answer = Answer.ABSENT
    world.put({**value, "valueQuantity": {**value["valueQuantity"], "value": 3}})
    world.run()
    first, second = documents(world, "preview")
    [back] = documents(world, "withdrawal")
    assert resources(back, "DiagnosticReport")[0]["status"] == "entered-in-error"
    assert resources(first, "DiagnosticReport") != resources(second, "DiagnosticReport")
    again = {e["resource"]["resourceType"]: e["request"]["method"] for e in second["entry"]}
    assert (again["DiagnosticReport"], again["Observation"]) == ("PUT", "PUT")
    assert business(world, sent) == "ai-shown"


def test_a_patient_who_refuses_then_has_it_called_back(concurrent: Concurrent) -> None:
    world = concurrent()
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = unsigned(world)
    refuse(world, sent.patient)
    world.run()
    [back] = documents(world, "withdrawal")
    [opinion] = resources(back, "DiagnosticReport")
    assert opinion["status"] == "entered-in-error"
    assert opinion["conclusion"].startswith("WITHDRAWN, do not use: the patient has refused it")
    signed(world, sent, BACTERIAL)
    assert world.state(sent.task_id) == "offered"


def test_a_model_that_is_withdrawn_then_has_it_called_back_and_is_shown_no_more(
    concurrent: Concurrent,
) -> None:
    world = concurrent()
    sent = unsigned(world)
    world.house.ledger.withdraw_model(CARD.identity, Withdrawal("Ada", "it drifts", world.watch()))
    world.run()
    [back] = documents(world, "withdrawal")
    assert resources(back, "DiagnosticReport")[0]["status"] == "entered-in-error"
    assert len(documents(world, "preview")) == 1
    assert world.state(sent.task_id) == "ready"


def test_what_has_not_arrived_is_not_sent_any_more(concurrent: Concurrent) -> None:
    world = concurrent()
    world.courier.failure = Category.UNAVAILABLE
    sent = unsigned(world)
    refuse(world, sent.patient)
    world.run()
    world.courier.failure = None
    world.watch.forward(hours=1)
    world.run()
    assert documents(world, "preview") == []


def test_each_withdrawal_leaves_its_own_provenance_and_the_task_names_the_opinion_no_more(
    concurrent: Concurrent,
) -> None:
    world = concurrent()
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = unsigned(world)
    [value, *_] = [e["resource"] for e in world.get(f"Observation?patient={sent.patient}")["entry"]]
    world.put({**value, "valueQuantity": {**value["valueQuantity"], "value": 3}})
    world.run()
    refuse(world, sent.patient)
    world.run()
    tags = [
        entry["request"]["ifNoneExist"]
        for bundle in documents(world, "withdrawal")
        for entry in bundle["entry"]
        if entry["request"].get("ifNoneExist", "").startswith("_tag") and len(bundle["entry"]) > 1
        if entry["resource"].get("activity", {}).get("coding", [{}])[0].get("code") == "NULLIFY"
    ]
    assert len(tags) == len(set(tags)) == 2
    signed(world, sent, BACTERIAL)
    [task] = [
        e
        for e in resources(documents(world, "referral")[-1], "Task")
        if '"second-read"' in json.dumps(e["code"])
    ]
    assert [each["type"]["coding"][0]["code"] for each in task["output"]] == ["referral"]


def test_a_case_that_is_stopped_names_no_opinion_that_was_shown(concurrent: Concurrent) -> None:
    world = concurrent()
    sent = unsigned(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.hold(case, "Ada", "a try", world.watch())
    world.run()
    world.house.ledger.end(case, "Ada", "no reader", world.watch())
    world.run()
    [task] = resources(documents(world, "status")[-1], "Task")
    assert task["businessStatus"]["coding"][0]["code"] == "closed-unresolved"
    assert "output" not in task
    assert len(documents(world, "withdrawal")) == 1


@pytest.mark.parametrize("first", ["signs", "refuses"])
def test_the_patient_is_told_that_it_was_shown_and_must_not_be_used(
    concurrent: Concurrent, first: str
) -> None:
    world = concurrent()
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = unsigned(world)
    acts = {"signs": lambda: signed(world, sent, VIRAL), "refuses": lambda: refuse(world, sent.patient)}
    for act in (first, *(each for each in acts if each != first)):
        acts[act]()
    world.run()
    answer_as(world, specialist, VIRAL)
    world.run()
    notice = world.get(outputs(world, sent)["patient-notice"]["valueReference"]["reference"])
    assert "had read your case, and your doctor was shown what it said" in decoded(notice)
    assert "was used by nobody" not in decoded(notice)
