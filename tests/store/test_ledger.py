"""The ledger: who may carry a case, what one commit holds, and that nobody writes without a lease."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from server.case import Ai, Event, First, IllegalMove, Position, State
from server.model import Band, ResourceKey
from server.ports import CaseRow, Claim, Entry, Fact, Intake, LeaseLost, Progress, Raced
from server.store.cases import stir_case
from server.store.database import Database
from server.store.ledger import Ledger
from server.store.resources import Resources
from server.store.tables import cases
from tests.store.nouns import AT, LEASE, arrival, complete, desk, document, later, open_case, write

HELD = Progress(
    (Entry(Event.HELD, "second-reader"),), Position(State.HELD, before=State.RECEIVED), later(days=1)
)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    open_case(database)
    return Ledger(database, LEASE)


def case(ledger: Ledger, id_: str = "c1") -> CaseRow:
    found = ledger.find(id_)
    assert found is not None
    return found


def claimed(ledger: Ledger, at: datetime = AT) -> Claim:
    claim = ledger.claim(at)
    assert claim is not None
    return claim


def test_the_longest_due_case_is_taken_first_and_only_once(database: Database, ledger: Ledger) -> None:
    open_case(database, "earlier", later(hours=-1))
    open_case(database, "future", later(hours=1))
    assert [claimed(ledger).case.id for _ in range(2)] == ["earlier", "c1"]
    assert ledger.claim(AT) is None


def test_a_case_is_due_from_its_very_moment(ledger: Ledger) -> None:
    assert ledger.claim(later(microseconds=-1)) is None
    assert claimed(ledger, AT).case.id == "c1"


def test_a_lease_that_ended_is_taken_over_and_the_first_worker_is_fenced(ledger: Ledger) -> None:
    first = claimed(ledger)
    assert ledger.claim(AT + LEASE) is None
    second = claimed(ledger, later(seconds=61))
    assert second.token != first.token
    with pytest.raises(LeaseLost):
        ledger.commit(first, complete(), later(seconds=61), keep=False)
    with pytest.raises(LeaseLost):
        ledger.release(first, later(days=1), later(seconds=61))
    with pytest.raises(LeaseLost):
        ledger.failed(first, later(days=1), "too late")
    untouched = case(ledger)
    assert (untouched.position, untouched.due_at, untouched.attempts) == (Position(State.RECEIVED), AT, 0)
    ledger.commit(second, complete(), later(seconds=61), keep=False)
    assert case(ledger).position.state is State.READY


def test_a_fenced_commit_leaves_nothing_of_the_step(database: Database, ledger: Ledger) -> None:
    first = claimed(ledger)
    claimed(ledger, later(seconds=61))
    step = complete(AT, document(), facts=(Fact("gaps", 1, ["x"]),), writes=(write(),))
    with pytest.raises(LeaseLost):
        ledger.commit(first, step, later(seconds=61), keep=False)
    view = ledger.view("c1")
    assert view is not None
    assert [e.event for e in view.history] == ["opened"]
    assert view.deliveries == []
    assert ledger.facts("c1", "gaps", list[str]) == []
    assert Resources(database).read("Patient", "p1") is None


def test_a_step_whose_premise_changed_leaves_nothing_and_keeps_its_lease(
    database: Database, ledger: Ledger
) -> None:
    claim = claimed(ledger)
    with pytest.raises(Raced):
        ledger.commit(claim, complete(AT, document(), writes=(write("p1", 2),)), AT, keep=False)
    assert case(ledger).position.state is State.RECEIVED
    ledger.release(claim, AT, AT)
    assert claimed(ledger).case.id == "c1"


def test_a_whole_step_is_committed(database: Database, ledger: Ledger) -> None:
    step = complete(later(hours=1), document(), facts=(Fact("gaps", 1, ["x"]),), writes=(write(),))
    moved = ledger.commit(claimed(ledger), step, later(seconds=1), keep=False)
    assert moved == case(ledger)
    assert (moved.position, moved.due_at) == (Position(State.READY), later(hours=1))
    view = ledger.view("c1")
    assert view is not None
    assert [(e.event, e.state, e.at) for e in view.history][1:] == [
        ("found complete", "ready", later(seconds=1))
    ]
    assert [each.document_id for each in view.deliveries] == ["d1"]
    assert ledger.facts("c1", "gaps", list[str]) == [["x"]]
    assert Resources(database).read("Patient", "p1") is not None
    assert ledger.claim(later(minutes=59)) is None
    assert claimed(ledger, later(hours=1)).case.id == "c1"


def test_every_event_of_a_step_is_told_with_the_state_it_led_to(ledger: Ledger) -> None:
    ledger.commit(claimed(ledger), complete(), AT, keep=False)
    both = Progress(
        (Entry(Event.AI_SEALED, "second-reader"), Entry(Event.FIRST_READ_LOCKED, "Practitioner/x"),
         Entry(Event.COMPARED, "second-reader")),
        Position(State.COMPARED, First.LOCKED, Ai.SEALED),
        AT,
    )  # fmt: skip
    ledger.commit(claimed(ledger), both, AT, keep=False)
    view = ledger.view("c1")
    assert view is not None
    assert [e.state for e in view.history] == ["received", "ready", "ready", "ready", "compared"]
    assert view.case.position == Position(State.COMPARED, First.LOCKED, Ai.SEALED)


def test_a_step_against_the_law_is_not_committed(ledger: Ledger) -> None:
    wrong = Progress((Entry(Event.DELIVERED, "second-reader"),), Position(State.CLOSED), None)
    with pytest.raises(IllegalMove):
        ledger.commit(claimed(ledger), wrong, AT, keep=False)
    assert case(ledger).position.state is State.RECEIVED


def test_a_kept_lease_is_renewed_and_keeps_others_out(ledger: Ledger) -> None:
    claim = claimed(ledger)
    moved = ledger.commit(claim, complete(), later(seconds=50), keep=True)
    assert ledger.claim(later(seconds=110)) is None
    ledger.release(Claim(moved, claim.token), later(hours=1), later(seconds=110))
    assert case(ledger).due_at == later(hours=1)


def test_an_ended_case_is_never_due_again(database: Database, ledger: Ledger) -> None:
    refused = Progress((Entry(Event.REFUSED, "second-reader"),), Position(State.REJECTED), None)
    claim = claimed(ledger)
    database.write(lambda c: stir_case(c, "c1", AT))  # news while the last step runs
    ledger.commit(claim, refused, AT, keep=False)
    assert case(ledger).due_at is None
    assert ledger.claim(later(days=1_000)) is None


def end(ledger: Ledger, claim: Claim, how: str) -> None:
    at = later(seconds=5)
    if how == "commit":
        ledger.commit(claim, complete(later(hours=1)), at, keep=False)
    else:
        ledger.release(claim, later(hours=1), at)


@pytest.mark.parametrize("how", ["commit", "release"])
@pytest.mark.parametrize("news", [True, False])
def test_news_that_came_while_a_step_ran_is_not_slept_over(
    database: Database, ledger: Ledger, how: str, news: bool
) -> None:
    claim = claimed(ledger)
    if news:
        database.write(lambda c: stir_case(c, "c1", later(seconds=2)))
    end(ledger, claim, how)
    assert case(ledger).due_at == (later(seconds=5) if news else later(hours=1))


def test_failures_are_counted_and_forgotten_after_a_success(ledger: Ledger) -> None:
    for number, due in ((1, later(minutes=1)), (2, later(minutes=2))):
        ledger.failed(claimed(ledger, later(minutes=number - 1)), due, f"no {number}")
        assert (case(ledger).attempts, case(ledger).last_error) == (number, f"no {number}")
        assert ledger.claim(later(minutes=number, seconds=-1)) is None
    ledger.commit(claimed(ledger, later(minutes=2)), complete(), later(minutes=2), keep=False)
    assert (case(ledger).attempts, case(ledger).last_error) == (0, None)


def test_waiting_is_a_success(ledger: Ledger) -> None:
    ledger.failed(claimed(ledger), AT, "no")
    ledger.release(claimed(ledger), later(hours=1), AT)
    assert (case(ledger).attempts, case(ledger).last_error) == (0, None)


def test_a_person_resumes_a_held_case(ledger: Ledger) -> None:
    ledger.commit(claimed(ledger), HELD, AT, keep=False)
    resumed = ledger.resume("c1", "coordinator", later(hours=2))
    assert resumed is not None
    assert (resumed.position, resumed.due_at, resumed.news) == (Position(State.RECEIVED), later(hours=2), 1)
    view = ledger.view("c1")
    assert view is not None
    last = view.history[-1]
    assert (last.event, last.state, last.actor) == ("resumed by a person", "received", "coordinator")
    assert view.chain_broken_at is None


def test_resuming_is_not_slept_over_by_a_worker_that_looks_at_the_held_case(ledger: Ledger) -> None:
    ledger.commit(claimed(ledger), HELD, AT, keep=False)
    claim = claimed(ledger, later(days=1))
    ledger.resume("c1", "coordinator", later(days=1))
    with pytest.raises(LeaseLost):
        ledger.release(claim, later(days=2), later(days=1))
    assert case(ledger).due_at == later(days=1)


def test_a_person_ends_a_held_case_with_a_reason(ledger: Ledger) -> None:
    ledger.commit(claimed(ledger), HELD, AT, keep=False)
    ended = ledger.end("c1", "coordinator", "transferred", later(hours=2))
    assert ended is not None
    assert (ended.position, ended.due_at) == (Position(State.UNRESOLVED), later(hours=2))
    assert ledger.facts("c1", "ending", str) == ["transferred"]
    view = ledger.view("c1")
    assert view is not None
    assert (view.history[-1].event, view.history[-1].actor) == ("ended by a person", "coordinator")
    assert view.chain_broken_at is None
    assert ledger.end("nobody", "coordinator", "x", AT) is None
    with pytest.raises(IllegalMove):
        ledger.end("c1", "coordinator", "again", AT)


def test_only_a_stopped_case_is_resumed_and_only_one_that_exists(ledger: Ledger) -> None:
    assert ledger.resume("nobody", "coordinator", AT) is None
    with pytest.raises(IllegalMove):
        ledger.resume("c1", "coordinator", AT)
    view = ledger.view("c1")
    assert view is not None
    assert len(view.history) == 1


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (["a", "b"], list[str]),
        (Band(0.25, 0.5), Band),
        (ResourceKey("Patient", "p1", 3), ResourceKey),
        (later(microseconds=7), datetime),
        (State.READY, State),
    ],
)
def test_facts_come_back_as_they_were_laid_down(ledger: Ledger, value: Any, type_: type) -> None:
    step = complete(facts=(Fact("kind", 2, value), Fact("other", 1, "x"), Fact("kind", 1, value)))
    ledger.commit(claimed(ledger), step, AT, keep=False)
    assert ledger.facts("c1", "kind", type_) == [value, value]


def test_a_fact_is_laid_down_once(ledger: Ledger) -> None:
    twice = complete(facts=(Fact("ai-read", 1, "present"), Fact("ai-read", 1, "absent")))
    with pytest.raises(IntegrityError, match="fact"):
        ledger.commit(claimed(ledger), twice, AT, keep=False)


def test_the_first_report_is_under_seal_until_the_case_is_resolved_or_over(
    database: Database, ledger: Ledger
) -> None:
    report = "DiagnosticReport/of-c1"
    here = (write("of-c1", type="DiagnosticReport"), write("of-nobody", type="DiagnosticReport"))
    desk(database).take(Intake(arrival("reports"), here))
    resolved = {State.RESOLVED, State.WRITTEN_UP, State.CLOSED, State.RETRACTED, State.KEPT}
    resolved |= {State.SENT, State.UNREAD, State.CONTESTED}
    open_ = resolved | {State.REJECTED, State.LAPSED, State.WITHDRAWN, State.UNRESOLVED}
    for state in State:
        database.write(lambda c, state=state: c.execute(update(cases).values(state=state)))
        sealed = ledger.under_seal([report, "DiagnosticReport/of-nobody"])
        assert sealed == (frozenset() if state in open_ else {report}), state
    assert ledger.under_seal([]) == frozenset()


def test_what_is_counted_for_the_metrics(database: Database, ledger: Ledger) -> None:
    open_case(database, "c2", later(minutes=1))
    ledger.commit(claimed(ledger), complete(later(hours=1)), AT, keep=False)
    assert ledger.counts() == {"ready": 1, "received": 1}
    assert ledger.overdue(later(minutes=2), LEASE) == 0
    assert ledger.overdue(later(minutes=2, seconds=1), LEASE) == 1


def test_lists_and_look_ups(database: Database, ledger: Ledger) -> None:
    for number in (2, 3):
        open_case(database, f"c{number}", later(minutes=number))
    assert [each.id for each in ledger.recent(2)] == ["c3", "c2"]
    assert ledger.case_of_task("task-c2") == "c2"
    assert ledger.case_of_task("task-of-nobody") is None
    assert ledger.find("nobody") is None
    assert ledger.view("nobody") is None
