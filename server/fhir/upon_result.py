"""A Task upon a released result: it has been read (``acknowledge``), is not accepted (``contest``), or is
known by now to be right or wrong (``outcome``).

Contests have the shape of HL7 Patient Corrections: a Task that a person answers, with the answer's kind in
businessStatus.
"""

from __future__ import annotations

from datetime import datetime

from server.errors import Category, Fault, Issue
from server.fhir.admission import Look
from server.fhir.requesting import demand_clinician, demand_patient_or_clinician
from server.fhir.task_parts import coded
from server.fhir.terms import ACKNOWLEDGE, CONTEST, OUTCOME
from server.fhir.turned_out import demand_outcome, is_outcome
from server.fhir.upon import demand_new, demand_same_patient, in_focus, waiting
from server.ports import Resource
from server.query import Query


def is_contest(task: Resource) -> bool:
    return coded(task.get("code", {}), CONTEST)


def is_upon_result(task: Resource) -> bool:
    """Whether it says something on the result of what its focus names."""
    return is_contest(task) or is_outcome(task) or coded(task.get("code", {}), ACKNOWLEDGE)


def unanswered(task_id: str) -> Query:
    """What was said on this Task's result and has no answer yet."""
    return waiting(task_id, [ACKNOWLEDGE, CONTEST, OUTCOME])


def sender(task: Resource) -> str:
    """Who says it, as the history names them."""
    said = task.get("requester", {})
    return str(said.get("reference") or said.get("display") or "requester")


def told_upon(task: Resource, look: Look, at: datetime) -> str:
    """The id of the second-read Task on whose result this one says something.

    Raises:
        Fault: UNPROCESSABLE with every reason why it cannot.
    """
    problems: list[Issue] = []
    demand_new(task, "this", problems)
    if is_contest(task):
        demand_patient_or_clinician(task, look, problems)
    else:
        demand_clinician(task, problems)
    if is_contest(task) and not task.get("reasonCode", {}).get("text", "").strip():
        text = "say what is not accepted, in words: reasonCode.text"
        problems.append(Issue("required", text, "Task.reasonCode.text"))
    if is_outcome(task):
        demand_outcome(task, look, at, problems)
    needed = "the second-read Task at this server whose result is meant is needed"
    found = in_focus(task, look, needed, problems)
    if found is not None:
        order = found[1]
        if order["status"] != "completed":
            text = "that Task has no result; one is read or contested once its Task is completed"
            problems.append(Issue("business-rule", text, "Task.focus"))
        demand_same_patient(task, order, "whom the result is about", problems)
    if problems or found is None:
        raise Fault(Category.UNPROCESSABLE, *problems)
    return found[0]
