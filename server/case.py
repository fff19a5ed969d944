"""Where a case stands, moved by the law (``server.law``) alone; who answers for it, what anybody may see."""

from __future__ import annotations

from dataclasses import dataclass

from server.law import (
    ENDED,
    FOLLOWED,
    LAW,
    LET_BE,
    RELEASED,
    SHOWN,
    TO_REFER,
    UNTOLD,
    WAITING_FOR_PEOPLE,
    Move,
)
from server.states import Ai, Event, First, State

__all__ = [
    "ACCOUNTABLE",
    "FOLLOWED",
    "LAW",
    "RELEASED",
    "START",
    "UNTOLD",
    "Ai",
    "Event",
    "First",
    "IllegalMove",
    "Move",
    "Position",
    "State",
    "accountable",
    "advance",
    "is_told",
    "may",
    "public_state",
]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a case stands on the board."""

    state: State
    first: First = First.AWAITED
    ai: Ai = Ai.AWAITED
    before: State | None = None
    """Where HELD and FAULTED go back to."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED


START = Position(State.RECEIVED)


class IllegalMove(Exception):
    """The law has no such row."""

    def __init__(self, position: Position, event: Event) -> None:
        legal = ", ".join(sorted({move.event for move in LAW if _applies(move, position)}))
        super().__init__(
            f"'{event}' cannot happen in state '{position.state}' (first read {position.first}, "
            f"AI read {position.ai}); what can: {legal or 'nothing, the case has ended'}"
        )


def _applies(move: Move, position: Position) -> bool:
    first = not move.first or position.first in move.first
    return move.state is position.state and first and (not move.ai or position.ai in move.ai)


_BY_STEP: dict[tuple[State, Event], Move] = {(move.state, move.event): move for move in LAW}


def advance(position: Position, event: Event) -> Position:
    """The position after ``event``.

    Raises:
        IllegalMove: the law has no row for it.
    """
    if event is Event.RESUMED:
        return _resume(position)
    move = _BY_STEP.get((position.state, event))
    if move is None or not _applies(move, position):
        raise IllegalMove(position, event)
    return Position(
        state=move.to,
        first=move.sets_first or position.first,
        ai=move.sets_ai or position.ai,
        before=_before(position) if move.to in WAITING_FOR_PEOPLE else None,
    )


def may(position: Position, event: Event) -> bool:
    """Whether the law has a row for it: what is done where it applies asks here, and lists no states."""
    move = _BY_STEP.get((position.state, event))
    return move is not None and _applies(move, position)


def _before(position: Position) -> State | None:
    """Where it goes back to; one that was ruled out and not written up is read by humans then."""
    if position.state in WAITING_FOR_PEOPLE:  # what is noted of it meanwhile leaves that as it is
        return position.before
    return State.READY if position.state is State.RULED_OUT else position.state


def _resume(position: Position) -> Position:
    if position.state not in WAITING_FOR_PEOPLE or position.before is None:
        raise IllegalMove(position, Event.RESUMED)
    return Position(position.before, position.first, position.ai)


_OWNERS: dict[str, tuple[State, ...]] = {
    "integration desk": (State.RECEIVED, State.WRITTEN_UP, State.FAULTED),
    "requester": (State.INCOMPLETE, State.REJECTED, State.LAPSED, State.WITHDRAWN),
    "first reader": (
        State.READY,
        *LET_BE,
        State.BLIND_READ,
        State.FINAL_READ,
        State.RESOLVED,
        State.SENT,
        State.KEPT,
        State.CLOSED,
    ),
    "medical director": (State.RULED_OUT, State.COMPARED, State.RETRACTED, State.CONTESTED),
    "coordinator": (
        *TO_REFER,
        State.REFERRED,
        State.OFFERED,
        State.UNREAD,
        State.HELD,
        State.UNRESOLVED,
    ),
    "specialist": (State.ACCEPTED, State.REVEALED),
}
ACCOUNTABLE: dict[State, str] = {state: who for who, states in _OWNERS.items() for state in states}
"""Every state has one accountable human or desk; a model is never the owner of anything."""

_UNDER_SEAL = frozenset({*LET_BE, *TO_REFER})


def accountable(position: Position) -> str:
    """Who answers for a case; for one that no human has read it is whoever answers for the policy."""
    owner = ACCOUNTABLE[position.state]
    return "medical director" if owner == "first reader" and position.first is First.NOT_READ else owner


def is_told(position: Position) -> bool:
    """Whether its result is out; of a case that a person has in hand, whether it was before."""
    return (position.before or position.state) in (*RELEASED, State.RETRACTED, State.KEPT)


def public_state(state: State) -> State:
    """The state as anyone may see it while a specialist reads blind.

    Concordant, discordant and declined cases all show as COMPARED, so that a state does not
    tell what the AI said (second-reading S2.4, S2.5); one whose specialist is
    shown both opinions as BLIND_READ.
    """
    if state in SHOWN:
        return State.BLIND_READ
    if state is State.RULED_OUT:  # it may have to be read after all, as long as it is not written up
        return State.READY
    return State.COMPARED if state in _UNDER_SEAL else state
