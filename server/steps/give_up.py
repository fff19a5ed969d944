"""FAULTED: a step failed too often; the case and the EHR's Task say that a person looks."""

from __future__ import annotations

from server.case import Event
from server.ports import Progress
from server.steps.casefile import REMINDER, CaseFile, Moved
from server.steps.letters import held_letter
from server.steps.owed import is_owed, on_time

_TOLD = "Something failed on our side; a person looks at it. Nothing needs to be sent again."


def give_up(file: CaseFile, error: str, attempts: int, *, tell: bool = True) -> Progress:
    """FAULTED. Without ``tell`` the EHR hears nothing: for when telling is what fails."""
    move = Moved(file).note(Event.GAVE_UP, reason=error, attempts=attempts)
    told = held_letter(move, _TOLD) if tell else move
    progress = told.progress(file.now + REMINDER)
    return on_time(file, progress) if is_owed(file) else progress
