"""A Task that asks to stop another one: task-code ``abort`` (HL7 Clinical Order Workflows, cancellation).

Once work has begun, a placer does not cancel the order itself any more; it asks, and whoever does the work
answers on the Task that asks.
"""

from __future__ import annotations

from server.errors import Category, Fault, Issue
from server.fhir.admission import Look
from server.fhir.task_parts import coded
from server.fhir.task_states import ended
from server.fhir.terms import ABORT
from server.fhir.upon import demand_new, demand_same_patient, in_focus, waiting
from server.ports import Resource
from server.query import Query


def is_abort(task: Resource) -> bool:
    """Whether it asks to stop what its focus names."""
    return coded(task.get("code", {}), ABORT)


def unanswered(task_id: str) -> Query:
    """What asks to stop this Task and has no answer yet."""
    return waiting(task_id, [ABORT])


def stopped_by(task: Resource, look: Look) -> str:
    """The id of the second-read Task that this one asks to stop.

    Raises:
        Fault: UNPROCESSABLE with every reason why it cannot.
    """
    problems: list[Issue] = []
    demand_new(task, "to ask to stop", problems)
    found = in_focus(task, look, "the second-read Task at this server that is to stop is needed", problems)
    if found is not None:
        order = found[1]
        if ended(order["status"]):
            text = f"that Task has ended already as {order['status']}; there is nothing left to stop"
            problems.append(Issue("business-rule", text, "Task.focus"))
        demand_same_patient(task, order, "whom the Task that is to stop is about", problems)
    if problems or found is None:
        raise Fault(Category.UNPROCESSABLE, *problems)
    return found[0]
