"""The law: which event may move a case from which state to which. Nothing else moves a case.

Two tracks run side by side and meet at the comparison: the human's (first read: awaited,
locked) and the model's (AI read: awaited, sealed, declined). They are columns of the same
table. Code walks it (``server.case``), tests enumerate it, ``docs/architecture.md`` prints it.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.states import Ai, Event, First, State


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the law: in ``state``, with the tracks as required, ``event`` leads to ``to``."""

    state: State
    event: Event
    to: State
    first: tuple[First, ...] = ()
    """Allowed positions of the human track; empty: any."""
    ai: tuple[Ai, ...] = ()
    """Allowed positions of the model's track; empty: any."""
    sets_first: First | None = None
    sets_ai: Ai | None = None


_AWAITED = (First.AWAITED,)
_LOCKED = (First.LOCKED,)
_SETTLED = (First.LOCKED, First.NOT_READ)
"""No human's read is waited for."""
_SEALED = (Ai.SEALED,)
_UNANSWERED = (Ai.DECLINED, Ai.NOT_ASKED)
_READ = (Ai.SEALED, Ai.DECLINED)
_DONE = (Ai.SEALED, *_UNANSWERED)
TO_REFER = (State.AUDIT, State.CONFIRMATION, State.DISCORDANT, State.DECLINED, State.NOT_COMPARABLE)
_TOLD = (Ai.RELEASED, Ai.NOT_ASKED)
LET_BE = (State.CONCORDANT, State.STANDS)
"""The first report stands, and nobody else is asked; but for the audit share."""
_RULED = (State.COMPARED, *LET_BE, *(s for s in TO_REFER if s is not State.DECLINED))
"""What the model's read has led to; without it a human must read."""
_DECIDED = (*_RULED, State.DECLINED, State.RESOLVED)
_ASKED = (State.REFERRED, State.OFFERED, State.ACCEPTED, State.BLIND_READ)
SHOWN = (State.REVEALED, State.FINAL_READ)
"""A specialist has answered blind and has seen both opinions, unnamed."""
UNTOLD = (State.COMPARED, *LET_BE, *TO_REFER, *_ASKED, *SHOWN)
"""Compared, and nobody has been told with what end."""
_WITH_PEOPLE = (State.READY, *_ASKED)
ENDED = (State.CLOSED, State.REJECTED, State.LAPSED, State.WITHDRAWN)
WAITING_FOR_PEOPLE = (State.HELD, State.FAULTED)
_BEFORE_COMPARISON = (State.RECEIVED, State.INCOMPLETE, State.READY)
_UNDECIDED = (*_BEFORE_COMPARISON, State.RULED_OUT, *UNTOLD, *WAITING_FOR_PEOPLE)
FOLLOWED = (State.SENT, State.UNREAD, State.CONTESTED)
"""The result is with whoever asked, and a person still owes an act."""
RELEASED = (State.WRITTEN_UP, *FOLLOWED, State.CLOSED)
_OUT = (Ai.RELEASED, Ai.WITHDRAWN, Ai.NOT_ASKED)
"""Nothing of the model's read is under seal any more."""
_STANDING = tuple(s for s in State if s not in (*ENDED, *WAITING_FOR_PEOPLE, State.RULED_OUT))

LAW: tuple[Move, ...] = (
    Move(State.RECEIVED, Event.FOUND_INCOMPLETE, State.INCOMPLETE),
    Move(State.RECEIVED, Event.FOUND_COMPLETE, State.READY),
    Move(State.RECEIVED, Event.REFUSED, State.REJECTED),
    Move(State.INCOMPLETE, Event.EVIDENCE_CAME, State.RECEIVED),
    Move(State.INCOMPLETE, Event.TIME_RAN_OUT, State.LAPSED),
    Move(State.READY, Event.FOUND_INCOMPLETE, State.INCOMPLETE, first=_AWAITED),
    Move(State.READY, Event.AI_SEALED, State.READY, ai=(Ai.AWAITED,), sets_ai=Ai.SEALED),
    Move(State.READY, Event.AI_DECLINED, State.READY, ai=(Ai.AWAITED,), sets_ai=Ai.DECLINED),
    Move(State.READY, Event.AI_NOT_ASKED, State.READY, ai=(Ai.AWAITED,), sets_ai=Ai.NOT_ASKED),
    # Concurrent reading: whoever reads first is told before they sign, and nobody else is.
    Move(State.READY, Event.AI_SHOWN, State.READY, first=_AWAITED, ai=_READ),
    # A gatekeeper: read first by the model, and by humans unless it rules the case out.
    Move(State.READY, Event.LEFT_TO_HUMANS, State.READY, first=_AWAITED, ai=_DONE),
    Move(
        State.READY,
        Event.RULED_OUT,
        State.RULED_OUT,
        first=_AWAITED,
        ai=_SEALED,
        sets_first=First.NOT_READ,
    ),
    Move(State.RULED_OUT, Event.LEFT_TO_HUMANS, State.READY, sets_first=First.AWAITED),
    Move(State.RULED_OUT, Event.SUPERSEDED, State.RECEIVED, sets_first=First.AWAITED, sets_ai=Ai.AWAITED),
    Move(
        State.RULED_OUT,
        Event.AI_VOIDED,
        State.READY,
        ai=_SEALED,
        sets_first=First.AWAITED,
        sets_ai=Ai.DECLINED,
    ),
    Move(
        State.RULED_OUT,
        Event.AI_BARRED,
        State.READY,
        ai=_SEALED,
        sets_first=First.AWAITED,
        sets_ai=Ai.NOT_ASKED,
    ),
    # A person stops it: nothing has been told, and nothing may tell that it was ruled out.
    Move(State.RULED_OUT, Event.HELD, State.HELD, sets_first=First.AWAITED),
    Move(State.RULED_OUT, Event.GAVE_UP, State.FAULTED, sets_first=First.AWAITED),
    Move(State.RULED_OUT, Event.RESOLVED, State.RESOLVED, ai=_SEALED),
    Move(State.READY, Event.FIRST_READ_LOCKED, State.READY, first=_AWAITED, sets_first=First.LOCKED),
    Move(State.READY, Event.TIME_RAN_OUT, State.LAPSED, first=_AWAITED),
    # Corrected before anything was compared: nobody has seen either read, so both are made anew.
    Move(State.READY, Event.SUPERSEDED, State.RECEIVED, sets_first=First.AWAITED, sets_ai=Ai.AWAITED),
    # Corrected afterwards: the new version is locked and compared; the model's read stays as it is sealed.
    *(
        Move(state, Event.FIRST_READ_CORRECTED, State.READY, first=_LOCKED, sets_first=First.AWAITED)
        for state in (State.READY, *UNTOLD)
    ),
    Move(State.READY, Event.COMPARED, State.COMPARED, first=_LOCKED, ai=_DONE),
    Move(State.COMPARED, Event.AGREED, State.CONCORDANT, ai=_SEALED),
    Move(State.COMPARED, Event.DIFFERED, State.DISCORDANT, ai=_SEALED),
    Move(State.COMPARED, Event.LEFT_STANDING, State.STANDS, ai=_SEALED),
    Move(State.COMPARED, Event.NO_AI_ANSWER, State.DECLINED, ai=_UNANSWERED),
    Move(State.COMPARED, Event.NO_HUMAN_ANSWER, State.NOT_COMPARABLE),
    Move(State.CONCORDANT, Event.CONFIRMATION_ASKED, State.CONFIRMATION),
    *(Move(state, Event.AUDIT_DRAWN, State.AUDIT) for state in LET_BE),
    *(Move(state, Event.RESOLVED, State.RESOLVED) for state in LET_BE),
    *(Move(state, Event.REFERRED, State.REFERRED) for state in TO_REFER),
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
    *(Move(state, Event.AI_VOIDED, state, ai=_SEALED, sets_ai=Ai.DECLINED) for state in _WITH_PEOPLE),
    *(Move(state, Event.AI_VOIDED, State.DECLINED, ai=_SEALED, sets_ai=Ai.DECLINED) for state in _RULED),
    # What was shown to the specialist must not be used: their blind answer counts.
    *(Move(each, Event.AI_VOIDED, State.FINAL_READ, ai=_SEALED, sets_ai=Ai.DECLINED) for each in SHOWN),
    *(Move(each, Event.AI_BARRED, State.FINAL_READ, ai=_READ, sets_ai=Ai.NOT_ASKED) for each in SHOWN),
    # The patient refuses before it was released: nothing of it is used or shown, and a human reads.
    *(Move(state, Event.AI_BARRED, state, ai=_READ, sets_ai=Ai.NOT_ASKED) for state in _WITH_PEOPLE),
    *(Move(state, Event.AI_BARRED, State.DECLINED, ai=_READ, sets_ai=Ai.NOT_ASKED) for state in _DECIDED),
    Move(State.RESOLVED, Event.WRITTEN_UP, State.WRITTEN_UP, ai=_READ, sets_ai=Ai.RELEASED),
    Move(State.RESOLVED, Event.REPORTED_WITHOUT_AI, State.WRITTEN_UP, ai=(Ai.NOT_ASKED,)),
    Move(State.WRITTEN_UP, Event.DELIVERED, State.CLOSED),
    # A result that nobody has read is chased; one that is contested has a person and a date.
    Move(State.WRITTEN_UP, Event.DELIVERED_TO_READ, State.SENT, first=_SETTLED, ai=_OUT),
    *(Move(state, Event.REMINDED, state) for state in (State.SENT, State.UNREAD)),
    Move(State.SENT, Event.ESCALATED, State.UNREAD),
    *(Move(state, Event.RESULT_READ, State.CLOSED) for state in (State.SENT, State.UNREAD, State.CLOSED)),
    *(Move(state, Event.RESULT_READ, state) for state in (State.WRITTEN_UP, State.CONTESTED)),
    # What turned out later and by other means: counted, and decides nothing here.
    *(Move(each, Event.OUTCOME_LINKED, each, first=_SETTLED, ai=_OUT) for each in RELEASED),
    *(Move(each, Event.CONTESTED, State.CONTESTED, first=_SETTLED, ai=_OUT) for each in RELEASED),
    Move(State.CONTESTED, Event.CONTEST_OVERDUE, State.CONTESTED),
    Move(State.CONTESTED, Event.CONTEST_UPHELD, State.WRITTEN_UP),
    Move(State.CONTESTED, Event.CONTEST_CORRECTED, State.WRITTEN_UP),
    # A patient's assessment is late: told wherever it stands, also while a person has it in hand.
    *(Move(state, Event.ASSESSMENT_OVERDUE, state) for state in (*_UNDECIDED, State.RESOLVED)),
    *(Move(state, Event.HELD, State.HELD) for state in _STANDING),
    *(Move(state, Event.GAVE_UP, State.FAULTED) for state in _STANDING),
    *(
        Move(state, Event.WITHDRAWN, State.WITHDRAWN)
        for state in (*_BEFORE_COMPARISON, State.RULED_OUT, *WAITING_FOR_PEOPLE)
    ),
    # Once a comparison has been made, it is carried to its end; also if the report is corrected afterwards.
    *(Move(state, Event.STOP_REFUSED, state) for state in (*_STANDING, State.CLOSED)),
    *(Move(state, Event.FIRST_READ_WITHDRAWN, State.WITHDRAWN) for state in _UNDECIDED),
    # What comes after the end changes nothing any more, and is not forgotten.
    *(
        # Awaited: corrected, and ended by a person before the new version was taken in.
        Move(state, event, state, first=(*_LOCKED, *_AWAITED))
        for event in (Event.FIRST_READ_CORRECTED_LATE, Event.FIRST_READ_WITHDRAWN_LATE)
        for state in (*FOLLOWED, State.CLOSED)
    ),
    # A human has read it after all: it is counted, for the gatekeeper may have missed something.
    *(
        Move(state, Event.FIRST_READ_AFTER_ALL, state, (First.NOT_READ,), _OUT, sets_first=First.LOCKED)
        for state in (*FOLLOWED, State.CLOSED)
    ),
    # Nobody stands behind it but the evidence that the model was shown.
    *(
        Move(state, Event.EVIDENCE_LATE, state, (First.NOT_READ,), _OUT)
        for state in (*FOLLOWED, State.CLOSED)
    ),
    *(Move(state, Event.IMAGES_LATE, state) for state in (*FOLLOWED, State.CLOSED)),
    *(Move(state, Event.ENDED, State.UNRESOLVED) for state in WAITING_FOR_PEOPLE),
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
    *(
        Move(state, Event.TAKEN_BACK, state)
        for state in (
            State.RECEIVED,
            State.READY,
            State.DECLINED,
            *_ASKED,
            State.FINAL_READ,
            State.RETRACTED,
            # What a first reader was to be shown, of a case that has just ended without a result.
            State.LAPSED,
            State.WITHDRAWN,
            State.WRITTEN_UP,
        )
    ),
    Move(State.RETRACTED, Event.WRITTEN_UP, State.WRITTEN_UP),
)
"""RESUMED is no row: it leads from HELD and FAULTED back to where the case stood, which it remembers."""
