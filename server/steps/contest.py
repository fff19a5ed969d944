"""CONTESTED: a person decides until a stored date; the result is upheld, corrected, or withdrawn.

Nothing decides by itself, and nothing lapses: a contest that is overdue is told of again each day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from server.case import Event
from server.errors import Category, fault
from server.fhir.parse import parse
from server.fhir.pens.correspondence import Standing
from server.fhir.pens.message import Message
from server.fhir.stamp import stamped
from server.fhir.task_states import ended
from server.fhir.terms import CONTEST_NEWS, Business
from server.fhir.upon_result import sender
from server.model import Contest, ContestEnd, Decided, Overdue
from server.ports import Progress, Resource, ResourceWrite
from server.steps.casefile import REMINDER, WORKER, CaseFile, Moved
from server.steps.messages import told_of
from server.steps.tasks import moved_task
from server.times import instant

_BUSINESS = {
    ContestEnd.UPHELD: Business.CONTEST_UPHELD,
    ContestEnd.CORRECTED: Business.CONTEST_CORRECTED,
    ContestEnd.WITHDRAWN: Business.CONTEST_WITHDRAWN,
    ContestEnd.UNDECIDED: Business.CONTEST_UNDECIDED,
}


def begun(move: Moved, tasks: Sequence[Resource]) -> Progress:
    """CONTESTED, with a person who answers for it and a date; who joins a contest gets the same."""
    file = move.file
    before, first = open_contests(file), _joined(file)
    for task in tasks:
        contest = replace(first, task=f"Task/{task['id']}", by=sender(task))
        move.note(
            Event.CONTESTED,
            actor=contest.by,
            policy=True,
            task=contest.task,
            decides=contest.accountable,
            until=contest.due_at,
        )
        move.lay_down("contest", contest).write(_in_review(file, task, contest))
    if not before:
        text = (
            f"The result of this second reading is contested. {first.accountable} decides, until "
            f"{instant(first.due_at)}."
        )
        told_of(move, _news(file, "begun", "urgent", text, first.accountable))
    return move.progress(max(first.due_at, file.now))


def _joined(file: CaseFile) -> Contest:
    """The one that is open, whose person and date whoever joins gets; or what a new one begins with."""
    rules, before = file.policy.contest, open_contests(file)
    return before[0] if before else Contest("", "", rules.accountable, file.now + rules.decide_within)


def questioned(move: Moved, why: str) -> Moved:
    """CONTESTED by this server: something speaks against what no human has read, and a person decides."""
    file = move.file
    contest = replace(_joined(file), task="", by=WORKER)
    move.note(
        Event.CONTESTED, policy=True, why=why, decides=contest.accountable, until=contest.due_at
    ).lay_down("contest", contest)
    text, number = (
        f"{why} {contest.accountable} decides, until {instant(contest.due_at)}.",
        move.facts[-1].number,
    )
    return told_of(move, _news(file, f"questioned/{number}", "stat", text, contest.accountable))


def next_look(move: Moved, otherwise: datetime | None) -> datetime | None:
    """When a case is due: one that has just been questioned, when its decision is."""
    laid = [each.value for each in move.facts if isinstance(each.value, Contest)]
    return max(laid[0].due_at, move.file.now) if laid else otherwise


def overdue(file: CaseFile) -> Progress:
    """Still CONTESTED: the date has passed, and whoever decides is told again, once a day."""
    contest = open_contests(file)[0]
    again = len(_overdue(file)) + 1
    move = Moved(file).note(Event.CONTEST_OVERDUE, decides=contest.accountable, since=contest.due_at)
    text = f"This contest should have been decided by {contest.accountable} until {instant(contest.due_at)}."
    told_of(move, _news(file, f"overdue/{again}", "stat", text, contest.accountable))
    move.lay_down("contest-late", Overdue(round_of(file), file.now + REMINDER))
    return move.progress(file.now + REMINDER)


def due_at(file: CaseFile) -> datetime:
    """When whoever decides is told again; of what was told of an earlier contest nothing counts."""
    told = [each for each in _overdue(file) if each.round == round_of(file)]
    return told[-1].again if told else open_contests(file)[0].due_at


def _overdue(file: CaseFile) -> list[Overdue]:
    return file.tools.files.facts(file.case.id, "contest-late", Overdue)


def round_of(file: CaseFile) -> int:
    """The number of the contest that is open, or would be next: all who join it are told one end."""
    return len(file.tools.files.facts(file.case.id, "contests-told", int)) + 1


def ended_by(move: Moved, end: ContestEnd, by: str, reason: str) -> Moved:
    """What ends a contest without a decision on it, where there is one."""
    if open_contests(move.file):
        move.lay_down("contest-decided", Decided(end, by, reason, round_of(move.file)))
    return move


def open_contests(file: CaseFile) -> list[Contest]:
    """Those that nobody has been told the end of."""
    told = file.latest("contests-told", int) or 0
    return file.tools.files.facts(file.case.id, "contest", Contest)[told:]


def decided(file: CaseFile) -> Progress | None:
    """WRITTEN_UP after a contest: whoever contested is told its end; None: there was none."""
    contests = open_contests(file)
    if not contests:
        return None
    said = _decision(file)
    number = len(file.tools.files.facts(file.case.id, "contest", Contest))
    move = Moved(file).lay_down("contests-told", number).lay_down("release", f"contest {said.end}")
    standing = Standing("completed", _BUSINESS[said.end], said.reason)
    for each in contests:
        if _waits(file, each.task):
            move.write(moved_task(file, each.task, standing))
    text = f"The contest of this result is decided by {said.by}: {said.end}. {said.reason}"
    to = "Whoever reads the result"
    return told_of(move, _news(file, "decided", "urgent", text, to)).at_once()


def _waits(file: CaseFile, task: str) -> bool:
    """Whether this Task is here and open: one that is gone, or has an end, keeps no other from its own."""
    stored = file.tools.shelf.read("Task", task.partition("/")[2])
    return stored is not None and not ended(parse(stored.body)["status"])


def _decision(file: CaseFile) -> Decided:
    """The latest word on this contest; one on an earlier contest is none on this."""
    words = file.tools.files.facts(file.case.id, "contest-decided", Decided)
    mine = [each for each in words if each.round == round_of(file)]
    if not mine:
        raise fault(Category.BROKEN, "exception", "the case file lacks the end of its contest")
    return mine[-1]


def _in_review(file: CaseFile, task: Resource, contest: Contest) -> list[ResourceWrite]:
    """The contest's Task in progress, with whoever decides as its owner and the date as its limit."""
    writes = moved_task(file, contest.task, Standing("in-progress", Business.IN_REVIEW), via="accepted")
    last = writes[-1]
    written = parse(last.body)
    written["owner"] = {"display": contest.accountable}
    period = {**task.get("restriction", {}).get("period", {}), "end": instant(contest.due_at)}
    written["restriction"] = {**task.get("restriction", {}), "period": period}
    return [*writes[:-1], stamped(written, last.id, last.version, file.now)]


def _news(file: CaseFile, what: str, priority: str, text: str, to: str) -> Message:
    return Message(f"contest/{round_of(file)}/{what}", CONTEST_NEWS, priority, text, [("", to)])
