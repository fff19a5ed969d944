"""What may be deleted: not what is ours, nor what a case or another resource needs (R4 http.html#delete)."""

from __future__ import annotations

from collections.abc import Mapping

from server.errors import Category, Fault, fault
from server.fhir import rules
from server.fhir.index import patient_of
from server.fhir.parse import parse
from server.fhir.task_states import CANCELLABLE, ended
from server.ports import Resource, Shelf, Stored


def demand_removable(shelf: Shelf, stored: Stored, freed: Mapping[str, int]) -> None:
    """Check that nobody needs ``stored``. ``freed``: how many of each type will no longer refer to it.

    Raises:
        Fault: FORBIDDEN for what this server wrote, CONFLICT for what is needed.
    """
    resource = parse(stored.body)
    rules.on_delete(resource)
    _no_case(shelf, stored, resource)
    left = {t: n - freed.get(t, 0) for t, n in shelf.referrers(stored.type, stored.id).items()}
    # No number: it would count what is under seal, and tell by another DELETE that something has come.
    if needed := [type_ for type_, count in sorted(left.items()) if count > 0]:
        text = (
            f"still referring to this resource: {', '.join(needed)}; delete or change what does before, or "
            "in one transaction"
        )
        raise fault(Category.CONFLICT, "conflict", text)


def _no_case(shelf: Shelf, stored: Stored, resource: Resource) -> None:
    task = shelf.resting_on(stored.type, stored.id, patient_of(resource))
    if task is not None:
        raise _open_case(shelf, stored, task)


def _open_case(shelf: Shelf, stored: Stored, task_id: str) -> Fault:
    task = shelf.read("Task", task_id)
    status = "" if task is None else parse(task.body)["status"]
    moves = ["wait until it has ended"]
    if status in CANCELLABLE:
        moves = [f"cancel it first (Task/{task_id}, status cancelled, with If-Match)"]
    if status and ended(status):  # the result is out, and a person still owes an act
        moves = ["wait until it has been read (a Task with code acknowledge) and is contested no more"]
    if stored.type == "Observation":
        moves.append("or take the value back: status entered-in-error")
    text = f"the open case of Task/{task_id} rests on this resource; {' '.join(moves)}"
    return fault(Category.CONFLICT, "conflict", text)
