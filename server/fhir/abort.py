"""A Task that asks to stop another one: task-code ``abort`` (HL7 Clinical Order Workflows, cancellation).

Once work has begun, a placer does not cancel the order itself any more; it asks, and whoever does the work
answers on the Task that asks.
"""

from __future__ import annotations

from collections.abc import Mapping

from server.errors import Category, Fault, Issue
from server.fhir.admission import Look, coded, is_second_read, placed
from server.fhir.one_code import demand_one_code
from server.fhir.references import local, normal
from server.fhir.task_states import ended
from server.fhir.terms import ABORT
from server.ports import Resource
from server.query import Query, Reference, Token

INTENTS = ("order", "proposal")


def is_abort(task: Resource) -> bool:
    """Whether it asks to stop what its focus names."""
    return coded(task.get("code", {}), ABORT)


def unanswered(task_id: str) -> Query:
    """What asks to stop this Task and has no answer yet."""
    return Query(
        "Task",
        (
            Reference("focus", (f"Task/{task_id}",)),
            Token("code", ((ABORT.system, ABORT.code),)),
            Token("status", ((None, "requested"),)),
        ),
    )


def stopped_by(task: Resource, look: Look) -> str:
    """The id of the second-read Task that this one asks to stop.

    Raises:
        Fault: UNPROCESSABLE with every reason why it cannot.
    """
    problems: list[Issue] = []
    if task["status"] != "requested":
        problems.append(Issue("business-rule", "a new Task has status requested", "Task.status"))
    if task["intent"] not in INTENTS:
        accepted = " or ".join(INTENTS)
        problems.append(Issue("business-rule", f"to ask to stop is an intent {accepted}", "Task.intent"))
    demand_one_code(task, problems)
    placed(task, problems)
    id_ = _focus(task, look, problems)
    if problems:
        raise Fault(Category.UNPROCESSABLE, *problems)
    return id_


def _focus(task: Resource, look: Look, problems: list[Issue]) -> str:
    target = local(task.get("focus", {}).get("reference", ""))
    order = look(*target) if target is not None and target[0] == "Task" else None
    if target is None or order is None or not is_second_read(order):
        text = "the second-read Task at this server that is to stop is needed"
        problems.append(Issue("required", text, "Task.focus"))
        return ""
    if ended(order["status"]):
        text = f"that Task has ended already as {order['status']}; there is nothing left to stop"
        problems.append(Issue("business-rule", text, "Task.focus"))
    if _patient(task) != _patient(order):
        text = "whom the Task that is to stop is about is needed: the same patient"
        problems.append(Issue("business-rule", text, "Task.for"))
    return target[1]


def _patient(task: Mapping[str, Mapping[str, str]]) -> str:
    return normal(task.get("for", {}).get("reference", ""))
