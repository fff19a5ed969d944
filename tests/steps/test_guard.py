"""What stops a case wherever it stands, and what does not."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from server.case import Position, State
from server.steps import STEPS
from server.steps.casefile import CaseFile
from server.steps.guard import guard
from server.store.tables import cases
from tests.world import BACTERIAL, SPECIALTY, VIRAL, Hospital, World, doctor, observation, send_case

WITHDRAWABLE = {State.RECEIVED, State.INCOMPLETE, State.READY, State.HELD, State.FAULTED}
RESTING = {
    State.READY, State.COMPARED, State.CONCORDANT, State.AUDIT, State.DISCORDANT, State.DECLINED,
    State.NOT_COMPARABLE, State.REFERRED, State.OFFERED, State.ACCEPTED,
}  # fmt: skip


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


@pytest.mark.parametrize("state", sorted(STEPS))
def test_a_corrected_report_holds_the_case_until_the_specialist_has_read(world: World, state: State) -> None:
    sent = referred(world)
    told = guard(file(world, state))
    assert (told is not None) is (state is State.HELD), "only who waits for a person is told so"
    if state is State.HELD:
        return
    assert world.put({**sent.report, "conclusion": "on second thoughts"}).status_code == 200
    stopped = guard(file(world, state))
    assert (stopped is not None) is (state in RESTING)
    if state is State.READY:
        assert stopped is not None
        assert stopped.position == Position(State.RECEIVED), "nobody has seen either read: both are made anew"
    elif stopped is not None:
        assert (stopped.position.state, stopped.position.before) == (State.HELD, state)
        assert stopped.entries[0].detail["changed"] == [f"DiagnosticReport/{sent.report['id']}/_history/2"]


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
    for number, text in ((2, "on second thoughts"), (3, "on third thoughts")):
        current = {**sent.report, "conclusion": text}
        current["meta"] = {**current["meta"], "versionId": str(number - 1)}
        assert world.put(current).status_code == 200
        world.run()
        assert world.state(sent.task_id) == "held"
        world.house.ledger.resume(case, "coordinator", world.watch())
        world.run()
        assert world.state(sent.task_id) == "offered"
