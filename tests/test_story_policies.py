"""What becomes of a case under other rules and pathways than P1, from the EHR's Task to its end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.contract import Inputs
from server.errors import Category, fault
from server.model import AiRead, Answer, Band, Hl7Kind, Pathway, RiskBand, Thresholds, Urgency, Withdrawal
from tests.hl7v2.foreign import fields, read
from tests.test_story_notice import notice, text
from tests.test_story_results import system
from tests.world import (
    BACTERIAL,
    POLICY,
    SPECIALTY,
    VIRAL,
    Hospital,
    World,
    answer_as,
    doctor,
    make_world,
    send_case,
)

URGENCY = {**POLICY.urgency, "confirmation": Urgency.URGENT}
Under = Callable[..., World]


@pytest.fixture
def under(tmp_path: Path) -> Iterator[Under]:
    """A world under a policy that differs from the usual one in what is given."""
    opened: list[Iterator[World]] = []

    def open_(receivers: Any = (), **changes: Any) -> World:
        policy = replace(POLICY, urgency=URGENCY, **changes)
        opened.append(make_world(tmp_path, policy=policy, receivers=receivers))
        return next(opened[-1])

    yield open_
    for each in opened:
        next(each, None)


def case(world: World, first: Any, says: Answer | None, **more: Any) -> tuple[str, Hospital]:
    """One case, carried as far as it goes without the specialist, who is there."""
    specialist = doctor(world, "Quill", "Elsewhere", SPECIALTY)
    world.reader.answer = says
    sent = send_case(world, first, **more)
    world.run()
    return specialist, sent


def business(world: World, sent: Hospital) -> str:
    return str(world.get(f"Task/{sent.task_id}")["businessStatus"]["coding"][0]["code"])


def outputs(world: World, sent: Hospital) -> dict[str, Any]:
    return {
        each["type"]["coding"][0]["code"]: each
        for each in world.get(f"Task/{sent.task_id}").get("output", [])
    }


def agreement(world: World, sent: Hospital) -> str:
    return str(outputs(world, sent)["agreement"]["valueCodeableConcept"]["coding"][0]["code"])


def events(world: World, sent: Hospital) -> list[str]:
    return [each["event"] for each in world.trace(sent.task_id)["history"]]


def test_under_the_safety_net_a_positive_report_stands_against_the_model(under: Under) -> None:
    world = under(rule="P2")
    _, sent = case(world, BACTERIAL, Answer.ABSENT)
    assert world.state(sent.task_id) == "closed"
    assert business(world, sent) == "closed-stands"
    assert agreement(world, sent) == "major-discordance"
    assert "left standing by the rule" in events(world, sent)
    assert "referred" not in events(world, sent)


def test_under_the_safety_net_a_possible_miss_goes_to_a_specialist(under: Under) -> None:
    world = under(rule="P2")
    specialist, sent = case(world, VIRAL, Answer.PRESENT)
    assert world.state(sent.task_id) == "offered"
    answer_as(world, specialist, BACTERIAL)
    world.run()
    assert business(world, sent) == "closed-amended"


def test_what_the_safety_net_lets_stand_is_audited_like_agreement(under: Under) -> None:
    # Else a referral of a positive report would say "the model agreed, and it is an audit".
    world = under(rule="P2", audit_fraction=1.0)
    specialist, sent = case(world, BACTERIAL, Answer.ABSENT)
    assert world.state(sent.task_id) == "offered"
    assert [each for each in events(world, sent) if "stand" in each or "audit" in each] == []
    answer_as(world, specialist, BACTERIAL)
    world.run()
    assert business(world, sent) == "closed-upheld"
    assert {"left standing by the rule", "drawn for audit"} <= set(events(world, sent))


@pytest.mark.parametrize(
    ("rule", "first", "says"),
    [
        ("P0", BACTERIAL, Answer.PRESENT),
        ("P0", VIRAL, Answer.ABSENT),
        ("P3", BACTERIAL, Answer.PRESENT),
    ],
)
def test_a_rule_has_a_specialist_confirm_what_both_say(
    under: Under, rule: str, first: Any, says: Answer
) -> None:
    world = under(rule=rule)
    specialist, sent = case(world, first, says)
    assert world.state(sent.task_id) == "offered"
    answer_as(world, specialist, first)
    world.run()
    assert business(world, sent) == "closed-concordant"
    assert "confirmation asked by the rule" in events(world, sent)


def test_any_positive_asks_nobody_where_nobody_says_so(under: Under) -> None:
    world = under(rule="P3")
    _, sent = case(world, VIRAL, Answer.ABSENT)
    assert business(world, sent) == "closed-concordant"


@pytest.mark.parametrize(("confident", "state"), [(Band(0.05, 0.9), "closed"), (Band(0.05, 0.95), "offered")])
def test_by_confidence_the_middle_goes_to_a_human(under: Under, confident: Band, state: str) -> None:
    world = under(rule="P4", confident=confident)
    _, sent = case(world, BACTERIAL, Answer.PRESENT)  # at 0.94
    assert world.state(sent.task_id) == state


@pytest.mark.parametrize(
    ("thresholds", "says"),
    [(None, "agree"), (Band(0.01, 0.95), "abstained"), (Band(0.95, 0.96), "major-discordance")],
)
def test_a_policy_has_its_own_thresholds(under: Under, thresholds: Band | None, says: str) -> None:
    world = under(thresholds=thresholds and Thresholds(thresholds))
    specialist, sent = case(world, BACTERIAL, Answer.PRESENT)  # at 0.94
    if says != "agree":
        answer_as(world, specialist, BACTERIAL)
        world.run()
    assert agreement(world, sent) == says
    told = text(notice(world, sent.task_id))
    assert ("This service has set others" in told) is (thresholds is not None)


def test_a_sure_model_that_contradicts_settles_nothing(under: Under) -> None:
    world = under(rule="P4", confident=Band(0.05, 0.9))
    _, sent = case(world, VIRAL, Answer.PRESENT)
    assert world.state(sent.task_id) == "offered"


def test_a_band_by_probability_has_a_rule_of_its_own(under: Under) -> None:
    world = under(rule="P1", bands=(RiskBand("high", probability=(0.9, 1.0), rule="P0"),))
    specialist, sent = case(world, BACTERIAL, Answer.PRESENT)
    assert world.state(sent.task_id) == "offered"
    answer_as(world, specialist, BACTERIAL)
    world.run()
    [told] = [each for each in world.trace(sent.task_id)["history"] if each["event"] == "compared"]
    assert (told["detail"]["rule"], told["detail"]["band"]) == ("P0", "high")


# -- no model is asked ---------------------------------------------------------------------------


def test_where_no_model_is_asked_two_humans_read(under: Under) -> None:
    world = under(pathway=Pathway.NONE)
    specialist, sent = case(world, BACTERIAL, Answer.PRESENT)
    assert world.reader.seen == []
    assert world.state(sent.task_id) == "offered"
    answer_as(world, specialist, VIRAL)
    world.run()
    assert business(world, sent) == "closed-amended"
    assert agreement(world, sent) == "not-asked"
    told = {"agreement", "referral", "specialist-report", "decided-by", "patient-notice"}
    assert set(outputs(world, sent)) == told
    assert {"no AI asked", "no AI answer", "written up without AI"} <= set(events(world, sent))


def test_where_no_model_is_asked_nothing_of_a_model_is_written(under: Under) -> None:
    world = under(pathway=Pathway.NONE)
    specialist, sent = case(world, BACTERIAL, Answer.PRESENT)
    answer_as(world, specialist, BACTERIAL)
    world.run()
    kinds = {
        each["resource"]["resourceType"]
        for document in world.courier.sent
        for each in json.loads(document.content)["entry"]
    }
    assert not kinds & {"Device", "Observation", "Provenance"}
    assert world.get("Device")["total"] == 0
    case_id = str(world.house.ledger.case_of_task(sent.task_id))
    assert world.house.ledger.withdraw_model("scripted@1.0.0", Withdrawal("a", "b", world.watch())) == 0
    world.run()
    assert world.house.ledger.find(case_id).position.state == "closed"  # type: ignore[union-attr]


def test_a_request_that_presses_may_be_in_a_band_without_a_model(under: Under) -> None:
    world = under(bands=(RiskBand("pressing", ("stat",), pathway=Pathway.NONE),))
    case(world, BACTERIAL, Answer.PRESENT, priority="stat")
    assert world.reader.seen == []
    send_case(world, BACTERIAL, number="T-2", priority="routine")
    world.run()
    assert len(world.reader.seen) == 1


def looks(world: World, sent: Hospital) -> list[tuple[Any, ...]]:
    """What anybody may see of a case under seal, but for names and times."""
    told = world.trace(sent.task_id)
    head = [(key, told[key]) for key in ("state", "accountable", "firstRead", "aiRead")]
    return [*head, *((e["event"], e["state"], e["policy"], e["card"]) for e in told["history"])]


def test_under_seal_nobody_sees_why_a_specialist_is_asked(under: Under) -> None:
    # A case that no model was asked about, one to be confirmed, one left standing and audited: all alike.
    bands = (
        RiskBand("pressing", ("stat",), pathway=Pathway.NONE),
        RiskBand("double", ("urgent",), rule="P0"),
        RiskBand("net", ("asap",), rule="P2"),
    )
    world = under(bands=bands, audit_fraction=1.0)
    for name in ("Ann", "Bee", "Cid", "Dot"):
        doctor(world, name, name, SPECIALTY)
    seen = []
    for number, (priority, says) in enumerate(
        (
            ("routine", Answer.ABSENT),
            ("stat", None),
            ("urgent", Answer.PRESENT),
            ("asap", Answer.ABSENT),
            ("routine", None),
        )
    ):
        world.reader.answer = says
        sent = send_case(world, BACTERIAL, number=f"T-{number}", priority=priority)
        world.run()
        assert world.state(sent.task_id) == "offered"
        seen.append(looks(world, sent))
    for each in seen[1:]:
        assert each == seen[0]


def test_in_hl7_v2_nothing_of_a_model_is_written_either(under: Under) -> None:
    world = under(receivers=(system(Hl7Kind.ORU),), pathway=Pathway.NONE)
    specialist, _ = case(world, BACTERIAL, Answer.PRESENT)
    answer_as(world, specialist, BACTERIAL)
    world.run()
    [told] = [each for each in world.courier.sent if each.kind == "oru"]
    read(told.content)
    assert [each[1] for each in fields(told.content, "OBR")] == ["1"]
    assert "AI second read" not in told.content.decode()


# -- the model hangs or dies ---------------------------------------------------------------------


class Silent:
    """A reader that is never there."""

    def __init__(self, category: Category) -> None:
        self.category, self.asked = category, 0

    def read(self, inputs: Inputs, now: Any) -> AiRead:
        del inputs, now
        self.asked += 1
        raise fault(self.category, "timeout", "the model did not answer in time")


def wait(world: World) -> None:
    for _ in range(6):
        world.run()
        world.watch.forward(seconds=30)


def test_a_model_that_never_answers_leaves_the_case_to_two_humans(under: Under) -> None:
    world = under()
    silent = Silent(Category.UNAVAILABLE)
    world.cases = replace(world.cases, tools=replace(world.cases.tools, reader=lambda _: silent))
    specialist, sent = case(world, BACTERIAL, None)
    wait(world)
    assert silent.asked == 3
    assert world.state(sent.task_id) == "offered"
    answer_as(world, specialist, BACTERIAL)
    world.run()
    assert business(world, sent) == "closed-upheld"
    assert agreement(world, sent) == "abstained"


class Odd:
    """A reader whose answer is none that anybody can use."""

    def __init__(self, world: World, say: Callable[[AiRead], AiRead]) -> None:
        self.reader, self.say, self.asked = world.reader, say, 0

    def read(self, inputs: Inputs, now: Any) -> AiRead:
        self.asked += 1
        return self.say(self.reader.read(inputs, now))


def no_number(read: AiRead) -> AiRead:
    raise fault(Category.BROKEN, "exception", "the model's score is not a number")


@pytest.mark.parametrize(
    "say",
    [
        no_number,
        lambda read: replace(read, question="child-pneumonia"),
        lambda read: replace(read, model_digest="1" * 64),
    ],
    ids=["not a number", "another finding", "another model"],
)
def test_a_model_without_a_usable_answer_leaves_the_case_to_two_humans(
    under: Under, say: Callable[[AiRead], AiRead]
) -> None:
    world = under()
    odd = Odd(world, say)
    world.cases = replace(world.cases, tools=replace(world.cases.tools, reader=lambda _: odd))
    specialist, sent = case(world, BACTERIAL, Answer.PRESENT)
    wait(world)
    assert odd.asked == 3
    assert world.state(sent.task_id) == "offered"
    answer_as(world, specialist, BACTERIAL)
    world.run()
    assert business(world, sent) == "closed-upheld"
    assert agreement(world, sent) == "abstained"
    [told] = [each for each in world.trace(sent.task_id)["history"] if each["event"] == "AI declined"]
    assert told["detail"]["reasons"] == ["the model gave no usable answer"]


def test_a_model_that_answers_at_the_third_time_is_heard(under: Under) -> None:
    world = under()
    world.reader.breaks = 2
    _, sent = case(world, BACTERIAL, Answer.PRESENT)
    wait(world)
    assert business(world, sent) == "closed-concordant"
