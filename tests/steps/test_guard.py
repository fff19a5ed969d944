"""What stops a case wherever it stands, and what does not."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from server.case import Ai, First, Position, State
from server.steps import STEPS
from server.steps.casefile import CaseFile
from server.steps.guard import guard
from server.store.tables import cases
from tests.world import BACTERIAL, SPECIALTY, VIRAL, Hospital, World, doctor, observation, send_case

WITHDRAWABLE = {
    State.RECEIVED, State.INCOMPLETE, State.READY, State.RULED_OUT, State.HELD, State.FAULTED,
}  # fmt: skip
RESTING = {
    State.READY, State.COMPARED, State.CONCORDANT, State.STANDS, State.AUDIT,
    State.CONFIRMATION, State.DISCORDANT, State.DECLINED, State.NOT_COMPARABLE, State.REFERRED,
    State.OFFERED, State.ACCEPTED, State.REVEALED,
}  # fmt: skip
SIGNED = {State.BLIND_READ, State.FINAL_READ}


def file(world: World, state: State | None = None) -> CaseFile:
    """The one case, as if it stood in ``state``."""
    if state is not None:
        world.house.database.write(lambda c: c.execute(update(cases).values(state=state)))
    [case] = world.house.ledger.recent(1)
    return CaseFile(case, world.cases.tools, world.watch())


def referred(world: World) -> Hospital:
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    return sent


@pytest.mark.parametrize("state", sorted(STEPS))
def test_a_cancelled_task_withdraws_its_case_while_the_law_allows_it(world: World, state: State) -> None:
    sent = send_case(world, BACTERIAL)
    assert world.put({**sent.task, "status": "cancelled"}).status_code == 200
    stopped = guard(file(world, state))
    assert (stopped is not None) is (state in WITHDRAWABLE)
    if stopped is not None:
        assert (stopped.position.state, stopped.due_at) == (State.WITHDRAWN, None)
        assert [each.actor for each in stopped.entries] == ["placer"]


@pytest.mark.parametrize("state", sorted(set(STEPS) - {State.RULED_OUT}))
def test_a_corrected_report_is_compared_anew_until_the_case_is_resolved(world: World, state: State) -> None:
    sent = referred(world)
    told = guard(file(world, state))
    assert (told is not None) is (state is State.HELD), "only who waits for a person is told so"
    if state is State.HELD:
        return
    assert world.put({**sent.report, "conclusion": "on second thoughts"}).status_code == 200
    moved = guard(file(world, state))
    assert (moved is not None) is (state in RESTING | SIGNED)
    if moved is not None:
        assert moved.position == Position(State.READY, First.AWAITED, Ai.SEALED), "the model's read is kept"
        report = f"DiagnosticReport/{sent.report['id']}/_history"
        assert moved.entries[0].detail == {"was": f"{report}/1", "now": f"{report}/2"}


@pytest.mark.parametrize("state", sorted(STEPS))
@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_report_that_is_taken_back_ends_the_case_until_it_is_resolved(
    world: World, state: State, status: str
) -> None:
    sent = referred(world)
    assert world.put({**sent.report, "status": status}).status_code == 200
    ended = guard(file(world, state))
    before = RESTING | WITHDRAWABLE | SIGNED
    assert (ended is not None) is (state in before)
    if ended is not None:
        assert (ended.position.state, ended.due_at) == (State.WITHDRAWN, None)


@pytest.mark.parametrize("state", sorted(RESTING - {State.READY}))
def test_a_corrected_value_holds_the_case_until_the_specialist_has_read(world: World, state: State) -> None:
    sent = referred(world)
    used = world.get(f"Observation?patient={sent.patient}")["entry"][0]["resource"]
    assert world.put({**used, "status": "corrected"}).status_code == 200
    stopped = guard(file(world, state))
    assert stopped is not None
    assert (stopped.position.state, stopped.position.before) == (State.HELD, state)


def test_a_value_corrected_while_an_offer_waits_for_a_new_signature_holds_the_case(world: World) -> None:
    sent = referred(world)
    assert world.put({**sent.report, "status": "preliminary"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "ready"
    used = world.get(f"Observation?patient={sent.patient}")["entry"][0]["resource"]
    assert world.put({**used, "status": "corrected"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "held", "the specialist may have seen the value before"


def test_a_corrected_observation_holds_the_case(world: World) -> None:
    sent = referred(world)
    used = world.get(f"Observation?patient={sent.patient}")["entry"][0]["resource"]
    assert world.put({**used, "status": "corrected"}).status_code == 200
    stopped = guard(file(world))
    assert stopped is not None
    assert stopped.entries[0].detail["changed"] == [f"Observation/{used['id']}/_history/2"]


def test_an_observation_that_was_not_used_changes_nothing(world: World) -> None:
    sent = referred(world)
    world.post(observation(sent.patient, "26464-8", "5"))
    assert guard(file(world)) is None


def test_a_person_looks_at_each_correction_once(world: World) -> None:
    sent = referred(world)
    case = str(world.house.ledger.case_of_task(sent.task_id))
    for status in ("corrected", "amended"):
        used = world.get(f"Observation?patient={sent.patient}&code=26464-8")["entry"][0]["resource"]
        assert world.put({**used, "status": status}).status_code == 200
        world.run()
        assert world.state(sent.task_id) == "held"
        world.house.ledger.resume(case, "coordinator", world.watch())
        world.run()
        assert world.state(sent.task_id) == "offered"
