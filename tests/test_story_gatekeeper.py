"""A gatekeeper: what the model rules out no human reads, within limits that it has to prove first."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.model import (
    Answer,
    ContestEnd,
    Decided,
    GateKey,
    GateRule,
    Pathway,
    ReadingRules,
    RiskBand,
    Urgency,
    Withdrawal,
)
from server.store.followed import Followed
from tests.test_story_assessment import request
from tests.test_story_policies import agreement, business, events, outputs
from tests.world import (
    BACTERIAL,
    CARD,
    POLICY,
    SNOMED,
    SPECIALTY,
    VIRAL,
    Hospital,
    World,
    answer_as,
    doctor,
    make_world,
    report,
    send_case,
    with_policy,
)

OPENS_AFTER = 4
GATE = GateRule(
    rule_out_below=0.05, window=timedelta(days=90), at_most=0.9, reread=1e-9, omitted_at_most=3 / OPENS_AFTER
)
REGISTERED = {"status": "registered"}
Gatekeeping = Callable[..., World]


@pytest.fixture
def gatekeeping(tmp_path: Path) -> Iterator[Gatekeeping]:
    """A world whose policy has a gatekeeper, and a specialist in it."""
    opened: list[Iterator[World]] = []

    def open_(*, gate: GateRule = GATE, proven: bool = True, **changes: Any) -> World:
        urgency = {**POLICY.urgency, "confirmation": Urgency.URGENT}
        more = {"pathway": Pathway.GATEKEEPER, "gate": gate, "urgency": urgency, **changes}
        opened.append(make_world(tmp_path, policy=with_policy(**more)))
        world = next(opened[-1])
        doctor(world, "Quill", "Elsewhere", SPECIALTY)
        if proven:
            prove(world)
        return world

    yield open_
    for each in opened:
        next(each, None)


def asked(world: World, number: str, says: Answer | None = Answer.ABSENT, **more: Any) -> Hospital:
    """A case whose report nobody has written yet."""
    world.reader.answer = says
    sent = send_case(world, None, number=number, report_more=REGISTERED, **more)
    world.run()
    return sent


def signed(world: World, sent: Hospital, code: Any) -> None:
    """Its first reader signs."""
    said = {"coding": [{"system": code.system, "code": code.code}]}
    answer = world.put({**sent.report, "status": "final", "conclusionCode": [said]})
    assert answer.status_code == 200, answer.text
    sent.report = answer.json
    world.run()


def prove(world: World, cases: int = OPENS_AFTER) -> None:
    """So many cases below the threshold are read by humans, who find nothing."""
    for number in range(cases):
        signed(world, asked(world, f"PROOF-{number}"), VIRAL)


def why(world: World, sent: Hospital) -> str:
    """Why humans read it, as its history tells once it is resolved."""
    history = world.trace(sent.task_id)["history"]
    [found] = [each for each in history if each["event"] == "left to humans by the gatekeeper"]
    return str(found["detail"]["why"])


def specialist(world: World) -> str:
    [offer] = world.get("Task?status=requested&code=specialist-read")["entry"]
    return str(offer["resource"]["owner"]["reference"])


def test_a_gatekeeper_proves_itself_before_it_rules_anything_out(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping(proven=False)
    for number in range(OPENS_AFTER):
        sent = asked(world, f"T-{number}")
        assert world.state(sent.task_id) == "ready"
        assert business(world, sent) == "to-be-read"
        signed(world, sent, VIRAL)
        assert business(world, sent) == "closed-concordant"
        assert why(world, sent) == "it is not known well enough what would be missed"
    sent = asked(world, "T-LAST")
    assert business(world, sent) == "closed-ruled-out"


def test_what_is_ruled_out_ends_without_a_human_and_says_so(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping()
    sent = asked(world, "T-1")
    assert world.state(sent.task_id) == "closed"
    task = world.get(f"Task/{sent.task_id}")
    assert task["status"] == "completed"
    assert task["statusReason"]["text"] == "No human has read this case; it was ruled out by the policy."
    assert agreement(world, sent) == "ruled-out"
    told = outputs(world, sent)
    assert told["decided-by"]["valueCodeableConcept"]["coding"][0]["code"] == "gatekeeper-policy"
    opinion = world.get(told["ai-opinion"]["valueReference"]["reference"])
    assert opinion["conclusion"] == (
        "AI second read, not verified by a clinician. No human has read this case. The policy rules out "
        "below 0.05, as long as humans' reads of such cases here show that at most 75 % of them have the "
        "finding (95 %). Decided by: Gatekeeper's policy. Model: absent. AI second read: absent What the "
        "model cannot do: tests."
    )
    notice = world.get(told["patient-notice"]["valueReference"]["reference"])
    words = base64.b64decode(notice["content"][0]["attachment"]["data"]).decode()
    assert "has read your case, and no human has" in words
    assert "You may ask that a human reads your case." in words
    assert world.trace(sent.task_id)["accountable"] == "medical director"
    assert "ruled out by the gatekeeper" in events(world, sent)


@pytest.mark.parametrize(
    ("says", "probability", "reason"),
    [
        (None, None, "the model gives no answer"),
        (Answer.PRESENT, 0.94, "its probability is not below the threshold"),
        (Answer.ABSENT, 0.05, "its probability is not below the threshold"),
    ],
)
def test_whatever_is_in_doubt_goes_to_humans(
    gatekeeping: Gatekeeping, says: Answer | None, probability: float | None, reason: str
) -> None:
    world = gatekeeping()
    world.reader.probability = probability
    sent = asked(world, "T-1", says)
    assert business(world, sent) == "to-be-read"
    signed(world, sent, VIRAL)
    if says is not Answer.ABSENT:
        answer_as(world, specialist(world), VIRAL)
        world.run()
    assert world.state(sent.task_id) == "closed"
    assert why(world, sent) == reason


def test_no_more_than_the_share_is_ruled_out(gatekeeping: Gatekeeping) -> None:
    # Of 4 to prove it and 4 more, 4 of 8 is a half.
    world = gatekeeping(gate=GateRule(0.05, timedelta(days=90), 0.5, 1e-9, 3 / OPENS_AFTER))
    ends = [business(world, asked(world, f"T-{number}")) for number in range(5)]
    assert ends == ["closed-ruled-out"] * 4 + ["to-be-read"]


def test_some_are_drawn_to_be_read_all_the_same(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping(gate=GateRule(0.05, timedelta(days=90), 0.9, 1.0, 3 / OPENS_AFTER))
    sent = asked(world, "T-1")
    assert business(world, sent) == "to-be-read"
    signed(world, sent, VIRAL)
    assert why(world, sent) == "drawn to be read by humans"


def test_a_finding_among_those_read_again_closes_the_gate(gatekeeping: Gatekeeping) -> None:
    # Nothing in 6 is at most 0.5; 1 in 7 is at most 0.51.
    world = gatekeeping(proven=False, gate=GateRule(0.05, timedelta(days=90), 0.9, 1.0, 0.5))
    prove(world, 6)
    sent = asked(world, "T-1")
    signed(world, sent, BACTERIAL)
    answer_as(world, specialist(world), BACTERIAL)
    world.run()
    assert business(world, sent) == "closed-upheld"
    assert why(world, sent) == "drawn to be read by humans"
    after = asked(world, "T-2")
    signed(world, after, VIRAL)
    assert why(world, after) == "it is not known well enough what would be missed"


def test_what_is_old_proves_nothing_any_more(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping()
    world.watch.forward(days=91)
    assert business(world, asked(world, "T-1")) == "to-be-read"


def test_who_has_signed_has_read_whatever_the_model_says(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping()
    world.reader.answer = Answer.ABSENT
    sent = send_case(world, BACTERIAL, number="T-1")
    world.run()
    assert world.state(sent.task_id) == "offered"
    assert "ruled out by the gatekeeper" not in events(world, sent)


def test_a_band_alone_may_have_a_gatekeeper(gatekeeping: Gatekeeping) -> None:
    band = RiskBand("calm", ("routine",), pathway=Pathway.GATEKEEPER)
    world = gatekeeping(pathway=Pathway.SECOND_READER, bands=(band,))
    assert business(world, asked(world, "T-1", priority="urgent")) == "ai-running"
    assert business(world, asked(world, "T-2")) == "closed-ruled-out"


def test_under_the_switch_nothing_is_ruled_out(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping()
    world.house.rulings.switches.throw(CARD.question, "ADA", "a try", world.watch())
    sent = asked(world, "T-1")
    assert business(world, sent) == "to-be-read"
    signed(world, sent, VIRAL)
    answer_as(world, specialist(world), VIRAL)
    world.run()
    assert why(world, sent) == "two humans read every case"


def test_a_human_who_reads_after_all_is_counted_and_told(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping()
    sent = asked(world, "T-1")
    assert business(world, sent) == "closed-ruled-out"
    signed(world, sent, BACTERIAL)
    assert "first report of a case that was ruled out" in events(world, sent)
    assert world.state(sent.task_id) == "contested"
    [entry] = world.get("Communication?category=contested-result")["entry"]
    assert entry["resource"]["recipient"] == [{"display": "medical director"}]
    assert entry["resource"]["priority"] == "stat"
    assert decided(world, sent) == "closed"
    passed = counted(world)
    assert (passed.ruled_out, passed.reread, passed.found) == (1, OPENS_AFTER + 1, 1)
    # What comes later is a correction of it, and noted once.
    signed(world, sent, VIRAL)
    assert "first report corrected late" in events(world, sent)
    assert world.state(sent.task_id) == "closed"


def test_a_human_who_rules_it_out_as_well_is_noted_quietly(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping()
    sent = asked(world, "T-1")
    signed(world, sent, VIRAL)
    assert "first report of a case that was ruled out" in events(world, sent)
    assert "entry" not in world.get("Communication")
    # Who reads such cases has a reason to: without a finding it is no proof.
    assert (counted(world).reread, counted(world).found) == (OPENS_AFTER, 0)


KEY = GateKey(CARD.question, CARD.identity, GATE.rule_out_below, "routine,urgent,asap,stat")


def counted(world: World) -> Any:
    return world.cases.tools.files.passed(KEY, world.watch() - timedelta(days=90))


def decided(world: World, sent: Hospital) -> str:
    """The medical director looks at it."""
    case = str(world.house.ledger.case_of_task(sent.task_id))
    said = Decided(ContestEnd.UPHELD, "Dr. Tarn", "looked at")
    Followed(world.house.database).end_contest(case, said, world.watch())
    world.run()
    return world.state(sent.task_id)


def test_it_may_be_contested_and_is_chased(gatekeeping: Gatekeeping) -> None:
    chased = ReadingRules(timedelta(hours=24), timedelta(hours=24), timedelta(hours=72), "desk")
    world = gatekeeping(proven=False, reading=chased, gate=GATE)
    for number in range(OPENS_AFTER):
        signed(world, asked(world, f"PROOF-{number}"), VIRAL)
    sent = asked(world, "T-1")
    assert world.state(sent.task_id) == "sent"
    world.watch.forward(hours=25)
    world.run()
    assert "reminded of an unread result" in events(world, sent)


def test_a_withdrawn_model_leaves_it_told_that_nobody_has_read(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping()
    sent = asked(world, "T-1")
    world.house.ledger.withdraw_model(CARD.identity, Withdrawal("ADA", "it drifts", world.watch()))
    world.run()
    task = world.get(f"Task/{sent.task_id}")
    assert business(world, sent) == "opinion-withdrawn"
    assert task["statusReason"]["text"].startswith("No human has read this case")
    assert world.state(sent.task_id) == "contested", "a person decides what becomes of it"
    assert world.trace(sent.task_id)["accountable"] == "medical director"


def test_a_patient_who_refuses_is_read_by_humans(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping()
    sent = asked(world, "T-1", kind="ai-free-read")
    assert business(world, sent) == "to-be-read"


def test_another_threshold_proves_itself_anew(gatekeeping: Gatekeeping, monkeypatch: Any) -> None:
    world = gatekeeping()
    raised = replace(GATE, rule_out_below=0.14)
    monkeypatch.setitem(
        world.house.policies, CARD.question, with_policy(pathway=Pathway.GATEKEEPER, gate=raised)
    )
    world.reader.probability = 0.12
    assert business(world, asked(world, "T-1")) == "to-be-read"


@pytest.mark.parametrize(
    "draft",
    [
        {"status": "preliminary"},
        {"status": "partial", "conclusion": "looks like it"},
        {"status": "registered", "conclusion": "looks like it"},
        {"status": "registered", "conclusionCode": [{"coding": [{"system": SNOMED, "code": "95883001"}]}]},
    ],
)
def test_what_a_human_has_begun_to_write_is_not_ruled_out(
    gatekeeping: Gatekeeping, draft: dict[str, Any]
) -> None:
    world = gatekeeping()
    world.reader.answer = Answer.ABSENT
    sent = send_case(world, None, number="T-1", report_more=draft)
    world.run()
    assert world.state(sent.task_id) == "ready"


@pytest.mark.parametrize(("day", "state"), [("2026-01-05", "ready"), ("2025-01-05", "closed")])
def test_another_report_of_the_same_examination_is_a_humans_read(
    gatekeeping: Gatekeeping, day: str, state: str
) -> None:
    world = gatekeeping()
    world.reader.answer = Answer.ABSENT
    sent = send_case(world, None, number="T-1", report_more=REGISTERED)
    moment = {"effectiveDateTime": f"{day}T08:00:00Z", "issued": f"{day}T08:30:00Z"}
    world.post({**report(sent.patient, sent.role, BACTERIAL), **moment})
    world.run()
    assert world.state(sent.task_id) == state


def test_evidence_that_is_another_afterwards_goes_to_a_person(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping()
    sent = asked(world, "T-1")
    [value, *_] = [e["resource"] for e in world.get(f"Observation?patient={sent.patient}")["entry"]]
    answer = world.put({**value, "valueQuantity": {**value["valueQuantity"], "value": 5000}})
    world.run()
    assert "evidence of a case that was ruled out corrected" in events(world, sent)
    assert world.state(sent.task_id) == "contested"
    assert decided(world, sent) == "closed"
    world.put({**answer.json, "status": "entered-in-error"})
    world.run()
    assert world.state(sent.task_id) == "contested"
    assert decided(world, sent) == "closed"


def test_a_finding_that_comes_as_a_correction_is_one(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping()
    sent = asked(world, "T-1")
    signed(world, sent, VIRAL)
    assert world.state(sent.task_id) == "closed"
    signed(world, sent, BACTERIAL)
    assert world.state(sent.task_id) == "contested"
    assert counted(world).found == 1


def test_a_finding_in_a_report_that_is_not_signed_is_one(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping()
    sent = asked(world, "T-1")
    said = {"coding": [{"system": BACTERIAL.system, "code": BACTERIAL.code}]}
    world.put({**sent.report, "status": "preliminary", "conclusionCode": [said]})
    world.run()
    assert world.state(sent.task_id) == "contested"


def test_a_patient_gets_a_human_afterwards(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping()
    sent = asked(world, "T-1")
    made = world.post(request(sent, "human"))
    world.run()
    assert world.state(made["id"]) == "offered"
    assert world.send("GET", f"Task/{sent.task_id}").status_code == 403, "its end is the model's answer"
    answer_as(world, specialist(world), BACTERIAL)
    world.run()
    task = world.get(f"Task/{made['id']}")
    assert task["businessStatus"]["coding"][0]["code"] == "closed-amended"
    [output] = [each for each in task["output"] if each["type"]["coding"][0]["code"] == "patient-notice"]
    notice = world.get(output["valueReference"]["reference"])
    words = base64.b64decode(notice["content"][0]["attachment"]["data"]).decode()
    assert "the first human to have read your case" in words


def test_a_finding_of_a_case_that_a_person_ends_counts(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping(gate=replace(GATE, reread=1.0))
    sent = asked(world, "T-1")
    signed(world, sent, BACTERIAL)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.hold(case, "Ada", "by hand", world.watch())
    world.house.ledger.end(case, "Ada", "by hand", world.watch())
    world.run()
    assert (counted(world).reread, counted(world).found) == (OPENS_AFTER + 1, 1)


def test_who_was_asked_to_read_is_not_told_otherwise(gatekeeping: Gatekeeping) -> None:
    world = gatekeeping(proven=False)
    sent = asked(world, "T-1")
    assert business(world, sent) == "to-be-read"
    prove(world)
    [value, *_] = [e["resource"] for e in world.get(f"Observation?patient={sent.patient}")["entry"]]
    world.put({**value, "valueQuantity": {**value["valueQuantity"], "value": 1100}})
    world.run()
    assert business(world, sent) == "to-be-read"
    assert business(world, asked(world, "T-2")) == "closed-ruled-out"
