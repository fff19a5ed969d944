"""What people say upon a released result: that they have read it, do not accept it, or how it turned out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from server.case import Event, State
from server.fhir.parse import parse
from server.fhir.pens.correspondence import Standing
from server.fhir.turned_out import is_outcome, turned_out
from server.fhir.upon_result import is_contest, sender, unanswered
from server.model import Acknowledged, Heard
from server.ports import Progress, Resource
from server.steps.casefile import CaseFile, Moved
from server.steps.contest import begun, next_look
from server.steps.tasks import moved_task
from server.steps.turned_out import judged, told

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
        if is_outcome(task):
            told(move, turned_out(task, sender(task), _came(file, task)))
        elif not is_contest(task):
            _read(move, task)
    if contests := [task for task in found if is_contest(task)]:
        return begun(judged(move), contests)
    progress = judged(move).progress(next_look(move, file.now))
    return progress if len(found) < _MOST else replace(progress, due_at=file.now)  # there may be more


def releases(file: CaseFile) -> int:
    """How often something was told of this case's result."""
    return len(file.tools.files.facts(file.case.id, "release", str))


def has_been_read(file: CaseFile) -> bool:
    """Whether somebody has said so since it was last told."""
    read = file.tools.files.facts(file.case.id, "acknowledged", Acknowledged)
    return any(each.release >= releases(file) for each in read)


def _read(move: Moved, task: Resource) -> None:
    word = Acknowledged(sender(task), _release(move.file, task))
    if _counts(move, word):
        move.note(Event.RESULT_READ, actor=word.by, task=f"Task/{task['id']}")
        move.lay_down("acknowledged", word)
    move.write(moved_task(move.file, f"Task/{task['id']}", Standing("completed"), via="accepted"))


def _came(file: CaseFile, task: Resource) -> datetime:
    return file.stored(f"Task/{task['id']}").updated_at


def _release(file: CaseFile, task: Resource) -> int:
    """What had been told when this Task came: what was told since, its sender cannot have read."""
    heard = file.tools.files.facts(file.case.id, "heard", Heard)
    return next((each.release for each in heard if each.task == task["id"]), releases(file))


def _counts(move: Moved, word: Acknowledged) -> bool:
    """Whether it is news: nobody reads the same twice, who has read an earlier release owes the latest."""
    if move.position.state in (State.SENT, State.UNREAD):
        return word.release >= releases(move.file)
    before = move.file.tools.files.facts(move.file.case.id, "acknowledged", Acknowledged)
    return word not in (*before, *(each.value for each in move.facts))
