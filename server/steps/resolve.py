"""CONCORDANT and BLIND_READ: what became of the first reader's answer."""

from __future__ import annotations

from server.case import Event
from server.ports import Progress
from server.routing.comparison import Outcome, settle
from server.steps.casefile import REMINDER, CaseFile, Moved, held
from server.steps.letters import held_letter


def resolve(file: CaseFile) -> Progress:
    """RESOLVED with its outcome; what cannot be settled waits for a person."""
    read = file.specialist_read
    outcome = settle(file.comparison.first, file.ai_read.answer, read.answer if read else None)
    if outcome is Outcome.UNSETTLED:
        move = held(file, "the readers' answers do not settle the case")
        return held_letter(move, "A person looks at it.").progress(file.now + REMINDER)
    return (
        Moved(file).note(Event.RESOLVED, policy=True, outcome=outcome).lay_down("outcome", outcome).at_once()
    )
