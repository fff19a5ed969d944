"""The placer asks to stop: a Task with code ``abort`` about the case's own (HL7 Clinical Order Workflows).

Granted until the first report is compared. After that the comparison is carried to its end: what it has
found must not be lost because somebody no longer wishes to know (docs/decisions/0013-stopping.md).
"""

from __future__ import annotations

from server.case import Event, State, is_told, may
from server.fhir.abort import unanswered
from server.fhir.pens.correspondence import Standing
from server.model import Comparison
from server.ports import Progress, Stored
from server.steps.casefile import CaseFile, Moved
from server.steps.over import called_off
from server.steps.tasks import moved_task

_TOO_LATE = (
    "The first report has been compared already; the second opinion is carried to its end, "
    "so that nothing it has found is lost."
)
_MOST = 20


def asked_to_stop(file: CaseFile) -> Progress | None:
    """The answer to whoever asked to stop this case; None when nobody did."""
    if not file.case.news:  # nothing has come since the case was opened
        return None
    asking = file.tools.shelf.find(unanswered(file.case.task_id), _MOST)
    if not asking:
        return None
    if _may_stop(file):
        return _stopped(file, asking)
    move = Moved(file)
    for each in asking:
        move.note(Event.STOP_REFUSED, task=f"Task/{each.id}")
        move.write(moved_task(file, f"Task/{each.id}", Standing("rejected", None, _TOO_LATE)))
    return move.at_once()


def _may_stop(file: CaseFile) -> bool:
    """A report that is corrected after the comparison goes back to be compared: that it was made remains."""
    position = file.case.position
    if is_told(position) or not may(position, Event.WITHDRAWN):
        return False
    in_hand = position.state in (State.HELD, State.FAULTED)
    return in_hand or file.latest("comparison", Comparison) is None


def _stopped(file: CaseFile, asking: list[Stored]) -> Progress:
    tasks = [f"Task/{each.id}" for each in asking]
    move = Moved(file).note(Event.WITHDRAWN, actor="placer", asked_by=tasks)
    for task in tasks:
        move.write(moved_task(file, task, Standing("completed"), via="accepted"))
    return called_off(move, Standing("cancelled", None, "Stopped, as its placer asked.")).progress(None)
