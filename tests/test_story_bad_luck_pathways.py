"""As tests/test_story_bad_luck.py, where a model reads before the first reader has signed."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from server.errors import Category
from server.model import Answer, Pathway, Urgency
from server.ports import Claim
from server.states import Ai, State
from server.worker import CaseWorker
from tests.test_stopping import wish
from tests.test_story_bad_luck import at_ehr, events, noted, opinions_at_ehr, watched
from tests.test_story_gatekeeper import GATE, asked, prove, signed
from tests.test_story_policies import business
from tests.test_story_rights import refuse
from tests.world import BACTERIAL, CARD, POLICY, SPECIALTY, VIRAL, Hospital, World, doctor, send_case

pytestmark = pytest.mark.both_databases

URGENCY = {**POLICY.urgency, "confirmation": Urgency.URGENT}
Play = Callable[[World], Hospital]


def under(world: World, **changes: Any) -> None:
    policies: Any = world.house.policies
    policies[CARD.question] = replace(POLICY, urgency=URGENCY, **changes)


@pytest.fixture
def gatekeeping(world: World) -> World:
    """A world with a gatekeeper that has proved itself, and a specialist."""
    under(world, pathway=Pathway.GATEKEEPER, gate=GATE)
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    prove(world)
    return world


@pytest.fixture
def concurrent(world: World) -> World:
    under(world, pathway=Pathway.CONCURRENT, audit_fraction=1e-9)
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    return world


def carried(world: World, until: Callable[[Claim], bool]) -> Claim:
    """One worker carries the case that is due until so far, and does not lay it down."""
    claim = world.house.ledger.claim(world.watch())
    while claim is not None and not until(claim):
        claim = world.cases._step(claim)
    assert claim is not None
    return claim


def killed_before_it_is_written_up(world: World) -> Hospital:
    """Ruled out by a worker that dies then; nobody else may look before its lease is over."""
    world.reader.answer = Answer.ABSENT
    sent = send_case(world, None, report_more={"status": "registered"})
    carried(world, lambda claim: claim.case.position.state is State.RULED_OUT)
    world.run()
    assert world.state(sent.task_id) == "ruled-out"
    watched(world, sent)
    return sent


def lease_is_over(world: World) -> None:
    world.watch.time += world.house.settings.lease + timedelta(seconds=1)


def to_be_read(world: World) -> Hospital:
    sent = asked(world, "T-1", Answer.PRESENT)
    assert business(world, sent) == "to-be-read"
    return sent


def shown(world: World) -> Hospital:
    world.reader.answer = Answer.PRESENT
    sent = send_case(world, None, report_more={"status": "preliminary"})
    world.run()
    assert business(world, sent) == "ai-shown"
    assert opinions_at_ehr(world) == {"partial", "preliminary"}
    return sent


def task_at_ehr(world: World) -> dict[str, Any]:
    """The EHR's Task about the case as it stands there."""
    [found] = [each for each in at_ehr(world, "Task").values() if '"second-read"' in json.dumps(each)]
    return found


def standing_at_ehr(world: World) -> tuple[str, str | None]:
    task = task_at_ehr(world)
    return task["status"], task.get("businessStatus", {}).get("coding", [{}])[0].get("code")


def signs(world: World, sent: Hospital, status: str = "final") -> None:
    answer = world.put({**sent.report, "status": status})
    assert answer.status_code == 200, answer.text


# -- a worker dies, and the clock ---------------------------------------------------------------------


def test_whoever_takes_over_writes_up_what_was_ruled_out(gatekeeping: World) -> None:
    world = gatekeeping
    sent = killed_before_it_is_written_up(world)
    assert business(world, sent) != "closed-ruled-out", "nobody is told before"
    lease_is_over(world)
    world.run()
    assert business(world, sent) == "closed-ruled-out"
    assert noted(world, sent).count("ruled out by the gatekeeper") == 1


def test_of_two_workers_on_a_case_that_is_ruled_out_one_writes_it_up(gatekeeping: World) -> None:
    world = gatekeeping
    sent = killed_before_it_is_written_up(world)
    lease_is_over(world)
    both = Barrier(4)

    def look(worker: CaseWorker) -> None:
        both.wait(20)
        while worker.once():
            pass

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(look, replace(world.cases)) for _ in range(4)]:
            each.result(60)
    before = [each.kind for each in world.courier.sent].count("opinion")
    world.run()
    assert business(world, sent) == "closed-ruled-out"
    assert [each.kind for each in world.courier.sent].count("opinion") == before + 1
    assert noted(world, sent).count("written up") == 1
    assert world.trace(sent.task_id)["chain"] == "whole"


def test_a_clock_that_goes_back_before_the_gate_changes_nothing(gatekeeping: World) -> None:
    world = gatekeeping
    world.watch.forward(hours=2)
    world.reader.answer = Answer.ABSENT
    sent = send_case(world, None, report_more={"status": "registered"})
    claim: Claim | None = carried(world, lambda claim: claim.case.position.ai is Ai.SEALED)
    world.watch.forward(hours=-1)
    while claim is not None:
        claim = world.cases._step(claim)
    watched(world, sent)
    world.run()
    assert business(world, sent) == "closed-ruled-out"
    assert world.trace(sent.task_id)["chain"] == "whole"


def test_who_signs_before_it_is_written_up_has_read(gatekeeping: World) -> None:
    world = gatekeeping
    sent = killed_before_it_is_written_up(world)
    signed(world, sent, VIRAL)
    lease_is_over(world)
    world.run()
    assert business(world, sent) == "closed-concordant"


def test_a_switch_that_is_thrown_before_it_is_written_up_leaves_it_to_humans(gatekeeping: World) -> None:
    world = gatekeeping
    sent = killed_before_it_is_written_up(world)
    world.house.rulings.switches.throw(CARD.question, "Ada", "a try", world.watch())
    lease_is_over(world)
    world.run()
    assert (world.state(sent.task_id), business(world, sent)) == ("ready", "to-be-read")


# -- a person stops it --------------------------------------------------------------------------------


@pytest.mark.parametrize("reads", [False, True])
def test_what_a_person_holds_before_it_is_written_up_is_read_by_humans(
    gatekeeping: World, reads: bool
) -> None:
    world = gatekeeping
    sent = killed_before_it_is_written_up(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    assert world.house.ledger.hold(case, "Ada", "let me look", world.watch())
    world.run()
    assert business(world, sent) == "awaiting-coordinator"
    assert world.trace(sent.task_id)["firstRead"] == "awaited", "nothing tells that it was ruled out"
    watched(world, sent)
    if reads:
        signed(world, sent, VIRAL)
    assert world.house.ledger.resume(case, "Ada", world.watch())
    world.run()
    assert business(world, sent) == ("closed-concordant" if reads else "to-be-read")


@pytest.mark.parametrize("reads", [False, True])
def test_what_a_person_ends_instead_says_so(gatekeeping: World, reads: bool) -> None:
    world = gatekeeping
    sent = killed_before_it_is_written_up(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.hold(case, "Ada", "let me look", world.watch())
    world.run()
    if reads:
        signed(world, sent, VIRAL)
    assert world.house.ledger.end(case, "Ada", "we do it by hand", world.watch())
    world.run()
    assert (world.state(sent.task_id), business(world, sent)) == ("closed", "closed-unresolved")
    signed(world, sent, BACTERIAL)
    assert "entry" not in world.get("Communication"), "nothing of the model was ever told"
    assert "ruled out" not in repr(world.trace(sent.task_id))


# -- the placer takes it back -------------------------------------------------------------------------


def stopped(world: World, sent: Hospital) -> None:
    world.post(wish(sent))


def voided(world: World, sent: Hospital) -> None:
    signs(world, sent, "entered-in-error")


ENDS = (stopped, voided)


@pytest.mark.parametrize("end", ENDS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("play", [to_be_read, killed_before_it_is_written_up], ids=lambda e: e.__name__)
def test_a_case_that_is_not_written_up_yet_is_over_with_it(gatekeeping: World, play: Play, end: Any) -> None:
    world = gatekeeping
    sent = play(world)
    end(world, sent)
    lease_is_over(world)
    world.run()
    assert world.state(sent.task_id) == "withdrawn", noted(world, sent)
    watched(world, sent)
    assert "gave up" not in noted(world, sent)
    assert "ai-opinion" not in repr(world.get(f"Task/{sent.task_id}"))


@pytest.mark.parametrize("end", ENDS, ids=lambda each: each.__name__)
def test_what_the_first_reader_was_shown_is_over_with_it(concurrent: World, end: Any) -> None:
    world = concurrent
    sent = shown(world)
    end(world, sent)
    world.run()
    assert world.state(sent.task_id) == "withdrawn"
    assert opinions_at_ehr(world) == {"entered-in-error"}
    ended = {stopped: ("cancelled", None), voided: ("failed", "closed-withdrawn")}
    assert standing_at_ehr(world) == ended[end]


def test_a_report_that_is_taken_back_after_the_rule_out_changes_nothing(gatekeeping: World) -> None:
    world = gatekeeping
    sent = asked(world, "T-1")
    before = (events(world, sent), len(world.courier.sent))
    voided(world, sent)
    world.run()
    watched(world, sent)
    assert business(world, sent) == "closed-ruled-out"
    assert (events(world, sent), len(world.courier.sent)) == before


def test_a_placer_who_asks_to_stop_it_after_the_rule_out_is_refused(gatekeeping: World) -> None:
    world = gatekeeping
    sent = asked(world, "T-1")
    refused = world.send("POST", "Task", wish(sent))
    world.run()
    assert refused.status_code == 422 or world.get(f"Task/{refused.json['id']}")["status"] == "rejected"
    assert business(world, sent) == "closed-ruled-out"
    watched(world, sent)


# -- time runs out, and the patient refuses -----------------------------------------------------------


def test_a_report_that_is_to_be_read_and_is_not_goes_to_a_person(gatekeeping: World) -> None:
    world = gatekeeping
    sent = to_be_read(world)
    world.watch.forward(hours=73)
    world.run()
    assert (world.state(sent.task_id), business(world, sent)) == ("held", "awaiting-coordinator")
    assert world.trace(sent.task_id)["accountable"] == "coordinator"
    watched(world, sent)
    signed(world, sent, BACTERIAL)
    assert world.house.ledger.resume(str(world.house.ledger.case_of_task(sent.task_id)), "Ada", world.watch())
    world.run()
    assert business(world, sent) == "closed-concordant"


def test_who_signs_in_the_moment_of_the_write_up_has_read(
    gatekeeping: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = gatekeeping
    sent = killed_before_it_is_written_up(world)
    lease_is_over(world)
    commit = world.house.ledger.commit
    struck: list[str] = []

    def late(*given: Any, **more: Any) -> Any:
        if not struck:
            struck.append("signed")
            said = {"coding": [{"system": VIRAL.system, "code": VIRAL.code}]}
            answer = world.put({**sent.report, "status": "final", "conclusionCode": [said]})
            assert answer.status_code == 200
        return commit(*given, **more)

    monkeypatch.setattr(world.house.ledger, "commit", late)
    world.run()
    assert struck == ["signed"]
    assert business(world, sent) == "closed-concordant"
    assert "ruled-out" not in repr(world.get(f"Task/{sent.task_id}"))


def test_what_was_shown_to_a_first_reader_who_never_signs_is_over_with_it(concurrent: World) -> None:
    world = concurrent
    sent = shown(world)
    world.watch.forward(hours=73)
    world.run()
    assert (world.state(sent.task_id), business(world, sent)) == ("lapsed", "expired")
    assert opinions_at_ehr(world) == {"entered-in-error"}
    assert standing_at_ehr(world) == ("failed", "expired")


def lapsed(world: World, sent: Hospital) -> None:
    world.watch.forward(hours=73)


def ended_by_a_person(world: World, sent: Hospital) -> None:
    case = str(world.house.ledger.case_of_task(sent.task_id))
    world.house.ledger.hold(case, "Ada", "let me look", world.watch())
    world.house.ledger.end(case, "Ada", "we do it by hand", world.watch())


@pytest.mark.parametrize("end", [*ENDS, lapsed, ended_by_a_person], ids=lambda each: each.__name__)
def test_what_has_not_arrived_when_the_case_ends_is_not_sent_any_more(concurrent: World, end: Any) -> None:
    world = concurrent
    world.courier.failure = Category.UNAVAILABLE
    sent = send_case(world, None, report_more={"status": "preliminary"})
    world.run()
    assert business(world, sent) == "ai-shown"
    end(world, sent)
    world.run()
    assert "gave up" not in noted(world, sent)
    world.courier.failure = None
    for _ in range(2):
        world.watch.forward(hours=2)
        world.run()
    assert world.state(sent.task_id) in ("withdrawn", "lapsed", "closed")
    assert "preview" not in [each.kind for each in world.courier.sent]
    assert opinions_at_ehr(world) <= {"entered-in-error"}
    assert "taken back undelivered" in noted(world, sent)


def test_what_is_called_back_while_a_specialist_is_asked_leaves_the_referral_named(concurrent: World) -> None:
    world = concurrent
    sent = shown(world)
    signed(world, sent, VIRAL)
    assert world.state(sent.task_id) == "offered"
    refuse(world, sent.patient)
    world.run()
    assert opinions_at_ehr(world) == {"entered-in-error"}
    kinds = {each["type"]["coding"][0]["code"] for each in task_at_ehr(world)["output"]}
    assert {"referral", "withdraw-ai-opinion"} <= kinds
    assert standing_at_ehr(world) == ("in-progress", "awaiting-specialist")
