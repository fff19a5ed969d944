"""UNRESOLVED: a person ended the case; whoever waits for it is told, and what the AI said stays sealed."""

from __future__ import annotations

from server.case import Event
from server.fhir.pens.correspondence import Standing
from server.fhir.task_states import ended
from server.fhir.terms import Business
from server.model import ContestEnd
from server.ports import Progress
from server.steps.casefile import CaseFile, Moved
from server.steps.contest import ended_by
from server.steps.over import called_off
from server.steps.rest import LOOK_AFTER


def end(file: CaseFile) -> Progress:
    """WRITTEN_UP: the EHR's Task fails with the person's reason, an open offer is called off."""
    why = file.needed("ending", str)
    move = Moved(file).note(Event.WRITTEN_UP, business=Business.CLOSED_UNRESOLVED)
    ended_by(move, ContestEnd.UNDECIDED, "a person", why)
    if ended(file.task["status"]):  # its result is out, and stays what it is
        return move.at_once()
    reason = f"Ended without a second opinion: {why}"
    move = called_off(move, Standing("failed", Business.CLOSED_UNRESOLVED, reason))
    return move.progress(file.now + LOOK_AFTER if move.documents else file.now)
