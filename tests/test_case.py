"""The law of cases, row by row: what is in the table is legal, nothing else is."""

from __future__ import annotations

import itertools
import re
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from server.case import (
    _OWNERS,
    ACCOUNTABLE,
    LAW,
    START,
    Ai,
    Event,
    First,
    IllegalMove,
    Position,
    State,
    advance,
    public_state,
)
from server.law_command import law_table
from server.steps import STEPS

ARCHITECTURE = Path(__file__).parents[1] / "docs" / "architecture.md"
ENDED = {State.CLOSED, State.REJECTED, State.LAPSED, State.WITHDRAWN}
WITH_A_PERSON = {State.HELD, State.FAULTED}
POSITIONS = [Position(*tracks) for tracks in itertools.product(State, First, Ai)]
HUMAN_DESKS = {
    "coordinator",
    "first reader",
    "integration desk",
    "medical director",
    "requester",
    "specialist",
}


def before_a_person(position: Position) -> State | None:
    """Where a case goes back to; what is noted of it meanwhile leaves that as it is."""
    if position.state in WITH_A_PERSON:
        return position.before
    return State.READY if position.state is State.RULED_OUT else position.state


def rows_for(position: Position, event: Event) -> list[Position]:
    """What the table itself says, read without the code under test."""
    return [
        Position(
            move.to,
            move.sets_first or position.first,
            move.sets_ai or position.ai,
            before_a_person(position) if move.to in WITH_A_PERSON else None,
        )
        for move in LAW
        if (move.state, move.event) == (position.state, event)
        and (not move.first or position.first in move.first)
        and (not move.ai or position.ai in move.ai)
    ]


@pytest.mark.parametrize("state", State)
def test_exactly_the_rows_of_the_law_are_legal(state: State) -> None:
    for position, event in itertools.product([each for each in POSITIONS if each.state is state], Event):
        rows = rows_for(position, event)
        assert len(rows) <= 1, f"two rows for {position} and {event}"
        if rows:
            assert advance(position, event) == rows[0]
        else:
            with pytest.raises(IllegalMove):
                advance(position, event)


@pytest.mark.parametrize("position", POSITIONS, ids=lambda p: f"{p.state}-{p.first}-{p.ai}")
def test_a_refusal_names_everything_that_can_happen_instead(position: Position) -> None:
    with pytest.raises(IllegalMove) as refused:
        advance(position, Event.OPENED)
    said = str(refused.value)
    assert f"'opened' cannot happen in state '{position.state}'" in said
    legal = {str(event) for event in Event if rows_for(position, event)}
    told = said.partition("what can: ")[2]
    if not legal:
        assert position.state in ENDED
        assert told == "nothing, the case has ended"
    else:
        assert set(told.split(", ")) == legal


@pytest.mark.parametrize("event", [Event.HELD, Event.GAVE_UP])
def test_what_was_ruled_out_and_is_stopped_before_it_is_told_is_read_by_humans(event: Event) -> None:
    stopped = advance(Position(State.RULED_OUT, First.NOT_READ, Ai.SEALED), event)
    assert (stopped.before, stopped.first) == (State.READY, First.AWAITED)
    assert advance(stopped, Event.RESUMED) == Position(State.READY, First.AWAITED, Ai.SEALED)


@pytest.mark.parametrize("held", sorted(WITH_A_PERSON))
def test_what_is_noted_while_a_person_has_a_case_leaves_where_it_goes_back_to(held: State) -> None:
    stopped = Position(held, before=State.OFFERED)
    assert advance(stopped, Event.ASSESSMENT_OVERDUE) == stopped


@pytest.mark.parametrize("before", sorted(set(State) - ENDED - WITH_A_PERSON - {State.RULED_OUT}))
@pytest.mark.parametrize("event", [Event.HELD, Event.GAVE_UP])
def test_a_person_resumes_a_case_exactly_where_it_stood(before: State, event: Event) -> None:
    for first, ai in itertools.product(First, Ai):
        stood = Position(before, first, ai)
        stopped = advance(stood, event)
        assert stopped.before is before
        assert (stopped.first, stopped.ai) == (first, ai)
        assert advance(stopped, Event.RESUMED) == stood


@pytest.mark.parametrize("position", [each for each in POSITIONS if each.state not in WITH_A_PERSON])
def test_only_a_stopped_case_can_be_resumed(position: Position) -> None:
    with pytest.raises(IllegalMove):
        advance(position, Event.RESUMED)


@pytest.mark.parametrize("state", sorted(WITH_A_PERSON))
def test_a_stopped_case_that_forgot_where_it_stood_stays_stopped(state: State) -> None:
    with pytest.raises(IllegalMove, match="'resumed by a person' cannot happen"):
        advance(Position(state, before=None), Event.RESUMED)


@pytest.mark.parametrize("state", State)
def test_every_state_has_one_accountable_human_and_never_a_model(state: State) -> None:
    assert ACCOUNTABLE[state] in HUMAN_DESKS
    assert sum(states.count(state) for states in _OWNERS.values()) == 1


@pytest.mark.parametrize("state", State)
def test_every_state_that_has_not_ended_has_a_step(state: State) -> None:
    assert (state in STEPS) is (state not in ENDED or state is State.CLOSED), (
        "closed: only to note what is late"
    )
    assert Position(state).ended is (state in ENDED)


@cache
def moves(position: Position) -> tuple[Position, ...]:
    """Every position that one event leads to."""
    found = []
    for event in Event:
        with suppress(IllegalMove):
            found.append(advance(position, event))
    return tuple(found)


@cache
def reachable(start: Position) -> frozenset[Position]:
    """Every position that some sequence of events leads to."""
    found, open_ = {start}, [start]
    while open_:
        for following in set(moves(open_.pop())) - found:
            found.add(following)
            open_.append(following)
    return frozenset(found)


def test_every_state_is_reached_from_the_start() -> None:
    assert {each.state for each in reachable(START)} == set(State)


def test_from_wherever_a_case_may_stand_it_can_end() -> None:
    following = {each: set(moves(each)) for each in reachable(START)}
    ends = {each for each in following if each.ended}
    while more := {each for each, to in following.items() if to & ends} - ends:
        ends |= more
    assert set(following) - ends == set()


def test_nothing_is_compared_before_both_reads_are_done() -> None:
    ended_by_a_person = {State.UNRESOLVED, State.RETRACTED, State.WRITTEN_UP, State.KEPT}
    early_on = {State.RECEIVED, State.INCOMPLETE, State.READY}
    beyond = set(State) - early_on - ended_by_a_person - ENDED - WITH_A_PERSON
    early = [
        each
        for each in reachable(START)
        if each.state in beyond and (each.first is First.AWAITED or each.ai is Ai.AWAITED)
    ]
    assert early == []
    assert {move.state for move in LAW if move.to is State.WRITTEN_UP is not move.state} == {
        State.RESOLVED, State.UNRESOLVED, State.RETRACTED, State.CONTESTED, State.KEPT,
    }  # fmt: skip
    assert {move.state for move in LAW if move.to is State.UNRESOLVED is not move.state} == WITH_A_PERSON
    assert {move.ai for move in LAW if move.to is State.RETRACTED is not move.state} == {(Ai.RELEASED,)}


def test_a_declining_model_never_leads_to_agreement_or_audit() -> None:
    agreed = {State.CONCORDANT, State.STANDS, State.AUDIT, State.CONFIRMATION, State.DISCORDANT}
    assert [p for p in reachable(START) if p.state in agreed and p.ai is not Ai.SEALED] == []


def test_of_a_model_that_was_not_asked_nothing_is_ever_released_or_withdrawn() -> None:
    unasked = {each for each in reachable(START) if each.ai is Ai.NOT_ASKED}
    assert {State.DECLINED, State.WRITTEN_UP, State.CLOSED} <= {each.state for each in unasked}
    assert not any(
        rows_for(each, event) for each in unasked for event in (Event.OPINION_WITHDRAWN, Event.AI_VOIDED)
    )
    assert not {State.CONCORDANT, State.STANDS, State.DISCORDANT} & {each.state for each in unasked}


def test_what_would_tell_the_ai_answer_shows_as_compared_and_nothing_else_does() -> None:
    hidden = {state for state in State if public_state(state) is not state}
    assert hidden == {
        State.CONCORDANT,
        State.STANDS,
        State.AUDIT,
        State.CONFIRMATION,
        State.DISCORDANT,
        State.DECLINED,
        State.NOT_COMPARABLE,
        State.REVEALED,
        State.FINAL_READ,
        State.RULED_OUT,
    }
    shown = {State.REVEALED, State.FINAL_READ}
    assert {public_state(state) for state in hidden - shown - {State.RULED_OUT}} == {State.COMPARED}
    assert public_state(State.RULED_OUT) is State.READY
    assert {public_state(state) for state in shown} == {State.BLIND_READ}


def test_the_printed_law_holds_every_row() -> None:
    lines = law_table().splitlines()
    assert len({line.count("|") for line in lines}) == 1, "every line has the same columns"
    printed = {
        (state, event, to, first, ai)
        for states, event, to, _, first, ai in (line.strip("| ").split(" | ") for line in lines[2:])
        for state in states.split(", ")
    }
    for move in LAW:
        first, ai = " or ".join(move.first) or "any", " or ".join(move.ai) or "any"
        assert (
            move.state,
            move.event,
            "where it stood" if move.to is move.state else move.to,
            f"{first}, becomes {move.sets_first}" if move.sets_first else first,
            f"{ai}, becomes {move.sets_ai}" if move.sets_ai else ai,
        ) in printed
    assert len(printed) == len(LAW) + 2, "the rows of the law, and the two ways of resuming"


def test_the_architecture_page_prints_the_law_as_it_is() -> None:
    if not ARCHITECTURE.exists():
        pytest.skip("docs/architecture.md is not in this copy")
    block = re.search(r"<!-- law -->\n(.*?)<!-- /?law -->", ARCHITECTURE.read_text(), re.DOTALL)
    assert block, "docs/architecture.md has no block between law markers"
    assert block[1].strip() == law_table(), "renew it with: python -m server law"


def test_a_second_stage_is_the_specialists_and_each_of_its_ends_leads_on() -> None:
    assert ACCOUNTABLE[State.REVEALED] == "specialist"
    assert {move.state for move in LAW if move.to is State.REVEALED is not move.state} == {State.BLIND_READ}
    out = {move.event: move.to for move in LAW if move.state is State.REVEALED is not move.to}
    onward = {State.FINAL_READ, State.READY, State.WITHDRAWN, State.HELD, State.FAULTED}
    assert set(out.values()) == onward
    assert {event for event, to in out.items() if to is State.FINAL_READ} == {
        Event.FINAL_GIVEN, Event.FINAL_OVERDUE, Event.FINAL_DECLINED, Event.AI_VOIDED, Event.AI_BARRED,
    }  # fmt: skip


def test_an_own_view_is_kept_only_against_an_answer_that_was_told() -> None:
    may = {each for each in POSITIONS if rows_for(each, Event.VIEW_KEPT)}
    told = {State.WRITTEN_UP, State.SENT, State.UNREAD, State.CLOSED}
    assert {each.state for each in may} == told, "while it is contested, it is the contest that decides"
    assert {each.ai for each in may} == {Ai.RELEASED, Ai.NOT_ASKED}
