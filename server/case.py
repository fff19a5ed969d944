"""The law: which event may move a case from which state to which. Nothing else moves a case.

Two tracks run side by side and meet at the comparison: the human's (first read: awaited,
locked) and the model's (AI read: awaited, sealed, declined). They are columns of the same
table. Code walks it, tests enumerate it, ``docs/architecture.md`` prints it.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.states import Ai, Event, First, State

__all__ = [
    "ACCOUNTABLE",
    "LAW",
    "START",
    "Ai",
    "Event",
    "First",
    "IllegalMove",
    "Move",
    "Position",
    "State",
    "advance",
    "public_state",
]


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the law: in ``state``, with the tracks as required, ``event`` leads to ``to``."""

    state: State
    event: Event
    to: State
    first: First | None = None
    """Required position of the human track; None: any."""
    ai: tuple[Ai, ...] = ()
    """Allowed positions of the model's track; empty: any."""
    sets_first: First | None = None
    sets_ai: Ai | None = None


_UNANSWERED = (Ai.DECLINED, Ai.NOT_ASKED)
_READ = (Ai.SEALED, Ai.DECLINED)
_DONE = (Ai.SEALED, *_UNANSWERED)
_TO_REFER = (State.AUDIT, State.CONFIRMATION, State.DISCORDANT, State.DECLINED, State.NOT_COMPARABLE)
_TOLD = (Ai.RELEASED, Ai.NOT_ASKED)
_LET_BE = (State.CONCORDANT, State.STANDS)
"""The first report stands, and nobody else is asked; but for the audit share."""
_RULED = (State.COMPARED, *_LET_BE, *(s for s in _TO_REFER if s is not State.DECLINED))
"""What the model's read has led to; without it a human must read."""
_DECIDED = (*_RULED, State.DECLINED, State.RESOLVED)
_ASKED = (State.REFERRED, State.OFFERED, State.ACCEPTED, State.BLIND_READ)
_SHOWN = (State.REVEALED, State.FINAL_READ)
"""A specialist has answered blind and has seen both opinions, unnamed."""
_COMPARED = (State.COMPARED, *_LET_BE, *_TO_REFER, *_ASKED, *_SHOWN)
"""Compared, and nobody has been told with what end."""
_WITH_PEOPLE = (State.READY, *_ASKED)
_ENDED = (State.CLOSED, State.REJECTED, State.LAPSED, State.WITHDRAWN)
_WAITING_FOR_PEOPLE = (State.HELD, State.FAULTED)
_BEFORE_COMPARISON = (State.RECEIVED, State.INCOMPLETE, State.READY)
_UNDECIDED = (*_BEFORE_COMPARISON, *_COMPARED, *_WAITING_FOR_PEOPLE)
FOLLOWED = (State.SENT, State.UNREAD, State.CONTESTED)
"""The result is with whoever asked, and a person still owes an act."""
RELEASED = (State.WRITTEN_UP, *FOLLOWED, State.CLOSED)
_OUT = (Ai.RELEASED, Ai.WITHDRAWN, Ai.NOT_ASKED)
"""Nothing of the model's read is under seal any more."""
_STANDING = tuple(s for s in State if s not in _ENDED + _WAITING_FOR_PEOPLE)

LAW: tuple[Move, ...] = (
    Move(State.RECEIVED, Event.FOUND_INCOMPLETE, State.INCOMPLETE),
    Move(State.RECEIVED, Event.FOUND_COMPLETE, State.READY),
    Move(State.RECEIVED, Event.REFUSED, State.REJECTED),
    Move(State.INCOMPLETE, Event.EVIDENCE_CAME, State.RECEIVED),
    Move(State.INCOMPLETE, Event.TIME_RAN_OUT, State.LAPSED),
    Move(State.READY, Event.FOUND_INCOMPLETE, State.INCOMPLETE, first=First.AWAITED),
    Move(State.READY, Event.AI_SEALED, State.READY, ai=(Ai.AWAITED,), sets_ai=Ai.SEALED),
    Move(State.READY, Event.AI_DECLINED, State.READY, ai=(Ai.AWAITED,), sets_ai=Ai.DECLINED),
    Move(State.READY, Event.AI_NOT_ASKED, State.READY, ai=(Ai.AWAITED,), sets_ai=Ai.NOT_ASKED),
    Move(State.READY, Event.FIRST_READ_LOCKED, State.READY, first=First.AWAITED, sets_first=First.LOCKED),
    Move(State.READY, Event.TIME_RAN_OUT, State.LAPSED, first=First.AWAITED),
    # Corrected before anything was compared: nobody has seen either read, so both are made anew.
    Move(State.READY, Event.SUPERSEDED, State.RECEIVED, sets_first=First.AWAITED, sets_ai=Ai.AWAITED),
    # Corrected afterwards: the new version is locked and compared; the model's read stays as it is sealed.
    *(
        Move(state, Event.FIRST_READ_CORRECTED, State.READY, first=First.LOCKED, sets_first=First.AWAITED)
        for state in (State.READY, *_COMPARED)
    ),
    Move(State.READY, Event.COMPARED, State.COMPARED, first=First.LOCKED, ai=_DONE),
    Move(State.COMPARED, Event.AGREED, State.CONCORDANT, ai=(Ai.SEALED,)),
    Move(State.COMPARED, Event.DIFFERED, State.DISCORDANT, ai=(Ai.SEALED,)),
    Move(State.COMPARED, Event.LEFT_STANDING, State.STANDS, ai=(Ai.SEALED,)),
    Move(State.COMPARED, Event.NO_AI_ANSWER, State.DECLINED, ai=_UNANSWERED),
    Move(State.COMPARED, Event.NO_HUMAN_ANSWER, State.NOT_COMPARABLE),
    Move(State.CONCORDANT, Event.CONFIRMATION_ASKED, State.CONFIRMATION),
    *(Move(state, Event.AUDIT_DRAWN, State.AUDIT) for state in _LET_BE),
    *(Move(state, Event.RESOLVED, State.RESOLVED) for state in _LET_BE),
    *(Move(state, Event.REFERRED, State.REFERRED) for state in _TO_REFER),
    Move(State.REFERRED, Event.OFFERED, State.OFFERED),
    Move(State.OFFERED, Event.OFFER_ACCEPTED, State.ACCEPTED),
    Move(State.OFFERED, Event.OFFER_DECLINED, State.REFERRED),
    Move(State.OFFERED, Event.OFFER_EXPIRED, State.REFERRED),
    Move(State.ACCEPTED, Event.OFFER_DECLINED, State.REFERRED),
    Move(State.ACCEPTED, Event.ANSWER_OVERDUE, State.REFERRED),
    Move(State.ACCEPTED, Event.ANSWER_NOT_USABLE, State.ACCEPTED),
    Move(State.ACCEPTED, Event.SPECIALIST_SIGNED, State.BLIND_READ),
    Move(State.BLIND_READ, Event.RESOLVED, State.RESOLVED),
    Move(State.BLIND_READ, Event.REVEALED, State.REVEALED),
    *(
        Move(State.REVEALED, event, State.FINAL_READ)
        for event in (Event.FINAL_GIVEN, Event.FINAL_OVERDUE, Event.FINAL_DECLINED)
    ),
    Move(State.FINAL_READ, Event.RESOLVED, State.RESOLVED),
    # A model version is withdrawn before its read was released: the read counts as a decline.
    *(Move(state, Event.AI_VOIDED, state, ai=(Ai.SEALED,), sets_ai=Ai.DECLINED) for state in _WITH_PEOPLE),
    *(Move(state, Event.AI_VOIDED, State.DECLINED, ai=(Ai.SEALED,), sets_ai=Ai.DECLINED) for state in _RULED),
    # What was shown to the specialist must not be used: their blind answer counts.
    *(Move(each, Event.AI_VOIDED, State.FINAL_READ, ai=(Ai.SEALED,), sets_ai=Ai.DECLINED) for each in _SHOWN),
    *(Move(each, Event.AI_BARRED, State.FINAL_READ, ai=_READ, sets_ai=Ai.NOT_ASKED) for each in _SHOWN),
    # The patient refuses before it was released: nothing of it is used or shown, and a human reads.
    *(Move(state, Event.AI_BARRED, state, ai=_READ, sets_ai=Ai.NOT_ASKED) for state in _WITH_PEOPLE),
    *(Move(state, Event.AI_BARRED, State.DECLINED, ai=_READ, sets_ai=Ai.NOT_ASKED) for state in _DECIDED),
    Move(State.RESOLVED, Event.WRITTEN_UP, State.WRITTEN_UP, ai=_READ, sets_ai=Ai.RELEASED),
    Move(State.RESOLVED, Event.REPORTED_WITHOUT_AI, State.WRITTEN_UP, ai=(Ai.NOT_ASKED,)),
    Move(State.WRITTEN_UP, Event.DELIVERED, State.CLOSED),
    # A result that nobody has read is chased; one that is contested has a person and a date.
    Move(State.WRITTEN_UP, Event.DELIVERED_TO_READ, State.SENT, first=First.LOCKED, ai=_OUT),
    *(Move(state, Event.REMINDED, state) for state in (State.SENT, State.UNREAD)),
    Move(State.SENT, Event.ESCALATED, State.UNREAD),
    *(Move(state, Event.RESULT_READ, State.CLOSED) for state in (State.SENT, State.UNREAD, State.CLOSED)),
    *(Move(state, Event.RESULT_READ, state) for state in (State.WRITTEN_UP, State.CONTESTED)),
    *(Move(each, Event.CONTESTED, State.CONTESTED, first=First.LOCKED, ai=_OUT) for each in RELEASED),
    Move(State.CONTESTED, Event.CONTEST_OVERDUE, State.CONTESTED),
    Move(State.CONTESTED, Event.CONTEST_UPHELD, State.WRITTEN_UP),
    Move(State.CONTESTED, Event.CONTEST_CORRECTED, State.WRITTEN_UP),
    *(Move(state, Event.HELD, State.HELD) for state in _STANDING),
    *(Move(state, Event.GAVE_UP, State.FAULTED) for state in _STANDING),
    *(Move(state, Event.WITHDRAWN, State.WITHDRAWN) for state in (*_BEFORE_COMPARISON, *_WAITING_FOR_PEOPLE)),
    # Once a comparison has been made, it is carried to its end; also if the report is corrected afterwards.
    *(Move(state, Event.STOP_REFUSED, state) for state in (*_STANDING, State.CLOSED)),
    *(Move(state, Event.FIRST_READ_WITHDRAWN, State.WITHDRAWN) for state in _UNDECIDED),
    # What comes after the end changes nothing any more, and is not forgotten.
    *(
        Move(state, event, state, first=First.LOCKED)
        for event in (Event.FIRST_READ_CORRECTED_LATE, Event.FIRST_READ_WITHDRAWN_LATE)
        for state in (*FOLLOWED, State.CLOSED)
    ),
    *(Move(state, Event.IMAGES_LATE, state) for state in (*FOLLOWED, State.CLOSED)),
    *(Move(state, Event.ENDED, State.UNRESOLVED) for state in _WAITING_FOR_PEOPLE),
    Move(State.UNRESOLVED, Event.WRITTEN_UP, State.WRITTEN_UP),
    *(
        Move(state, Event.OPINION_WITHDRAWN, State.RETRACTED, ai=(Ai.RELEASED,), sets_ai=Ai.WITHDRAWN)
        for state in RELEASED
    ),
    *(
        Move(state, Event.VIEW_KEPT, State.KEPT, ai=_TOLD)
        for state in RELEASED
        if state is not State.CONTESTED
    ),
    Move(State.KEPT, Event.WRITTEN_UP, State.WRITTEN_UP),
    Move(State.RETRACTED, Event.TAKEN_BACK, State.RETRACTED),
    Move(State.RETRACTED, Event.WRITTEN_UP, State.WRITTEN_UP),
)
"""RESUMED is no row: it leads from HELD and FAULTED back to where the case stood, which it remembers."""


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
        return self.state in _ENDED


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
    tracks = move.first in (None, position.first) and (not move.ai or position.ai in move.ai)
    return move.state is position.state and tracks


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
        before=position.state if move.to in _WAITING_FOR_PEOPLE else None,
    )


def _resume(position: Position) -> Position:
    if position.state not in _WAITING_FOR_PEOPLE or position.before is None:
        raise IllegalMove(position, Event.RESUMED)
    return Position(position.before, position.first, position.ai)


_OWNERS: dict[str, tuple[State, ...]] = {
    "integration desk": (State.RECEIVED, State.WRITTEN_UP, State.FAULTED),
    "requester": (State.INCOMPLETE, State.REJECTED, State.LAPSED, State.WITHDRAWN),
    "first reader": (
        State.READY,
        *_LET_BE,
        State.BLIND_READ,
        State.FINAL_READ,
        State.RESOLVED,
        State.SENT,
        State.KEPT,
        State.CLOSED,
    ),
    "medical director": (State.COMPARED, State.RETRACTED, State.CONTESTED),
    "coordinator": (
        *_TO_REFER,
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

_UNDER_SEAL = frozenset({*_LET_BE, *_TO_REFER})


def public_state(state: State) -> State:
    """The state as anyone may see it while a specialist reads blind.

    Concordant, discordant and declined cases all show as COMPARED, so that a state does not
    tell what the AI said (second-reading S2.4, S2.5); one whose specialist is
    shown both opinions as BLIND_READ.
    """
    if state in _SHOWN:
        return State.BLIND_READ
    return State.COMPARED if state in _UNDER_SEAL else state
