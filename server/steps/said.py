"""What people say upon a released result: that they have read it, or that they do not accept it."""

from __future__ import annotations

from server.case import Event
from server.fhir.parse import parse
from server.fhir.pens.correspondence import Standing
from server.fhir.upon_result import is_contest, sender, unanswered
from server.model import Acknowledged
from server.ports import Progress, Resource
from server.steps.casefile import CaseFile, Moved
from server.steps.contest import begun
from server.steps.tasks import moved_task

_MOST = 20


def said(file: CaseFile) -> Progress | None:
    """The move that takes it in; None: nobody has said anything new."""
    if not file.case.news:
        return None
    found = [parse(each.body) for each in file.tools.shelf.find(unanswered(file.case.task_id), _MOST)]
    if not found:
        return None
    move = Moved(file)
    for task in found:
        if not is_contest(task):
            _read(move, task)
    if contests := [task for task in found if is_contest(task)]:
        return begun(move, contests)
    return move.at_once()


def releases(file: CaseFile) -> int:
    """How often something was told of this case's result."""
    return len(file.tools.files.facts(file.case.id, "release", str))


def has_been_read(file: CaseFile) -> bool:
    """Whether somebody has said so since it was last told."""
    read = file.latest("acknowledged", Acknowledged)
    return read is not None and read.release >= releases(file)


def _read(move: Moved, task: Resource) -> None:
    by = sender(task)
    move.note(Event.RESULT_READ, actor=by, task=f"Task/{task['id']}")
    move.lay_down("acknowledged", Acknowledged(by, releases(move.file)))
    move.write(moved_task(move.file, f"Task/{task['id']}", Standing("completed"), via="accepted"))
