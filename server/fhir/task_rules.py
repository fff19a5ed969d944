"""Who may move a Task, and to where (R4 task.html#statemachine; HL7 Clinical Order Workflows).

A second-read Task and the one that asks to stop it are their placer's until work begins, and ours from
then on; a specialist's Task is theirs to answer. Every refusal says which moves are open instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from server.errors import Category, Fault, Issue
from server.fhir.abort import is_abort
from server.fhir.admission import is_second_read, is_specialists
from server.fhir.task_states import CANCELLABLE, TRANSITIONS, ended
from server.fhir.terms import ABORT
from server.fhir.upon_result import is_upon_result
from server.ports import Resource

_STAYING = frozenset({"id", "meta", "lastModified", "text", "note"})
"""What may change while the status stays: why it stands so has been said by whoever set it."""
_MOVING = _STAYING | {"status", "statusReason"}
_BY_US = frozenset({("requested", "failed")})
"""An offer that runs out; nobody else sets it: failed is tried and could not, rejected is before any work."""


@dataclass(frozen=True, slots=True)
class _Share:
    """What of a Task is its sender's."""

    statuses: frozenset[str]
    elements: frozenset[str] | None
    """None: all."""


_PLACER = _Share(frozenset({"cancelled"}), _MOVING)
_SPECIALIST = _Share(
    frozenset({"accepted", "rejected", "in-progress", "completed", "failed"}), _MOVING | {"output"}
)
_ANYBODY = _Share(frozenset(TRANSITIONS), None)


def demand_move(old: Resource, new: Resource) -> None:
    """Check a new version of a Task that comes from outside.

    Raises:
        Fault: UNPROCESSABLE with everything that is not its sender's to change, and what is.
    """
    share = _share(old)
    problems = [*_foreign(old, new, share), *_moved(old, new)]
    if problems:
        raise Fault(Category.UNPROCESSABLE, *problems)


def open_moves(task: Resource) -> tuple[str, ...]:
    """To which statuses somebody outside may move this Task."""
    status, theirs = task["status"], _share(task).statuses
    moves = (
        then
        for then in TRANSITIONS[status]
        if then in theirs and (status, then) not in _BY_US and (then != "cancelled" or status in CANCELLABLE)
    )
    return tuple(moves)


def _share(task: Resource) -> _Share:
    if is_specialists(task):
        return _SPECIALIST
    return _PLACER if is_second_read(task) or is_abort(task) or is_upon_result(task) else _ANYBODY


def _foreign(old: Resource, new: Resource, share: _Share) -> Iterator[Issue]:
    if share.elements is None:
        return
    theirs = share.elements if old["status"] != new["status"] else _STAYING
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    for name in sorted(changed - theirs):
        yield Issue("business-rule", "this element is not yours to change", f"Task.{name}")


def _moved(old: Resource, new: Resource) -> Iterator[Issue]:
    before, after = old["status"], new["status"]
    if after == before and not ended(before):
        return  # a note, say
    moves = open_moves(old)
    if after not in moves:
        text = f"a Task in status {before} does not become {after} here; {_instead(old, moves)}"
        yield Issue("business-rule", text, "Task.status")
    elif after in ("rejected", "failed") and not new.get("statusReason", {}).get("text"):
        yield Issue("required", "say why: statusReason.text", "Task.statusReason.text")


def _instead(task: Resource, moves: tuple[str, ...]) -> str:
    if moves:
        return f"from here you may set: {', '.join(moves)}"
    if ended(task["status"]):
        return "it has ended; what is wanted anew is a new Task"
    if is_second_read(task):
        return (
            f"work has begun: to stop it, POST a Task with code {ABORT.system}|{ABORT.code} and this as focus"
        )
    return "its next move is this server's"
