"""A Task upon a released result: it has been read (``acknowledge``), or is not accepted (``contest``).

Contests have the shape of HL7 Patient Corrections: a Task that a person answers, with the answer's kind in
businessStatus.
"""

from __future__ import annotations

from collections.abc import Mapping

from server.errors import Category, Fault, Issue
from server.fhir.abort import INTENTS
from server.fhir.admission import Look, coded, is_second_read, placed
from server.fhir.one_code import demand_one_code
from server.fhir.references import local, normal
from server.fhir.requesting import demand_clinician, demand_patient_or_clinician
from server.fhir.terms import ACKNOWLEDGE, CONTEST
from server.ports import Resource
from server.query import Query, Reference, Token

_BOTH = ((ACKNOWLEDGE.system, ACKNOWLEDGE.code), (CONTEST.system, CONTEST.code))


def is_contest(task: Resource) -> bool:
    return coded(task.get("code", {}), CONTEST)


def is_upon_result(task: Resource) -> bool:
    """Whether it says something on the result of what its focus names."""
    return is_contest(task) or coded(task.get("code", {}), ACKNOWLEDGE)


def unanswered(task_id: str) -> Query:
    """What was said on this Task's result and has no answer yet."""
    return Query(
        "Task",
        (
            Reference("focus", (f"Task/{task_id}",)),
            Token("code", _BOTH),
            Token("status", ((None, "requested"),)),
        ),
    )


def sender(task: Resource) -> str:
    """Who says it, as the history names them."""
    said = task.get("requester", {})
    return str(said.get("reference") or said.get("display") or "requester")


def told_upon(task: Resource, look: Look) -> str:
    """The id of the second-read Task on whose result this one says something.

    Raises:
        Fault: UNPROCESSABLE with every reason why it cannot.
    """
    problems: list[Issue] = []
    if task["status"] != "requested":
        problems.append(Issue("business-rule", "a new Task has status requested", "Task.status"))
    if task["intent"] not in INTENTS:
        accepted = " or ".join(INTENTS)
        problems.append(Issue("business-rule", f"this is an intent {accepted}", "Task.intent"))
    demand_one_code(task, problems)
    placed(task, problems)
    if is_contest(task):
        demand_patient_or_clinician(task, look, problems)
    else:
        demand_clinician(task, problems)
    if is_contest(task) and not task.get("reasonCode", {}).get("text", "").strip():
        text = "say what is not accepted, in words: reasonCode.text"
        problems.append(Issue("required", text, "Task.reasonCode.text"))
    id_ = _focus(task, look, problems)
    if problems:
        raise Fault(Category.UNPROCESSABLE, *problems)
    return id_


def _focus(task: Resource, look: Look, problems: list[Issue]) -> str:
    target = local(task.get("focus", {}).get("reference", ""))
    order = look(*target) if target is not None and target[0] == "Task" else None
    if target is None or order is None or not is_second_read(order):
        text = "the second-read Task at this server whose result is meant is needed"
        problems.append(Issue("required", text, "Task.focus"))
        return ""
    if order["status"] != "completed":
        text = "that Task has no result; one is read or contested once its Task is completed"
        problems.append(Issue("business-rule", text, "Task.focus"))
    if _patient(task) != _patient(order):
        text = "whom the result is about is needed: the same patient"
        problems.append(Issue("business-rule", text, "Task.for"))
    return target[1]


def _patient(task: Mapping[str, Mapping[str, str]]) -> str:
    return normal(task.get("for", {}).get("reference", ""))
