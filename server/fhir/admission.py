"""Whether a Task may open a case: every premise is checked before 201, each refusal says what is needed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from server.errors import Category, Fault, Issue, fault
from server.fhir.assessing import MODELS, assessors, demand_assessor, is_assessment
from server.fhir.one_code import demand_one_code
from server.fhir.references import local, normal
from server.fhir.task_parts import coded, inputs
from server.fhir.terms import (
    AI_FREE_READ,
    ASSESSMENT,
    FINAL_READ,
    IN_QUESTION,
    IN_REPORT,
    QUESTION,
    SECOND_READ,
    SPECIALIST_READ,
)
from server.fhir.times import moment
from server.model import Card
from server.ports import Opening, Resource

Look = Callable[[str, str], Resource | None]
"""(type, id) -> the resource as it would stand after this request, or None."""


class Home(Protocol):
    """Where cases come back to, by whichever wire."""

    @property
    def name(self) -> str: ...

    @property
    def identifier_systems(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Admission:
    """What this server reads, and whom it answers."""

    questions: frozenset[str]
    destinations: Sequence[Home]
    cards: Mapping[str, Card] = field(default_factory=dict)
    """By question: by which codes a specialist's final answer is known."""
    others: Mapping[str, Card] = field(default_factory=dict)
    """By question: another model, which assesses where a patient asks for one."""

    def opening(self, task: Resource, look: Look) -> Opening:
        """The case that a second-read Task opens.

        Raises:
            Fault: UNPROCESSABLE with every reason why it may not.
        """
        problems: list[Issue] = []
        _kind(task, problems)
        identifier = placed(task, problems)
        destination = self._destination(identifier, problems)
        question = self._question(task, problems)
        demand_assessor(task, problems, another=question in self.others)
        patient = _local(task.get("for"), "Patient", "Task.for", problems)
        report = _report(task, problems)
        _same_patient(report, patient, look, problems)
        if problems:
            raise Fault(Category.UNPROCESSABLE, *problems)
        return Opening(
            case_id=str(uuid.uuid4()),
            question=question,
            task_id=task["id"],
            patient=patient,
            report=report,
            destination=destination,
            task_identifier=identifier,
            due_by=_due_by(task),
            other_model=not assessors(task).isdisjoint(MODELS),
        )

    def card(self, task: Resource) -> Card:
        """That of the question that a Task of ours is about.

        Raises:
            Fault: UNAVAILABLE when nobody here reads it any more.
        """
        card = self.cards.get(asked_question(task))
        if card is None:
            text = "nobody here reads this question any more; ask the operator"
            raise fault(Category.UNAVAILABLE, "not-supported", text, "Task.input")
        return card

    def _question(self, task: Resource, problems: list[Issue]) -> str:
        asked = asked_question(task)
        if asked in self.questions:
            return asked
        known = ", ".join(sorted(self.questions))
        said = "nobody here reads this question" if asked else "the input clinical-question is missing"
        problems.append(
            Issue(
                "not-supported" if asked else "required",
                f"{said}; questions read here: {known}",
                "Task.input",
            )
        )
        return ""

    def _destination(self, identifier: Mapping[str, str], problems: list[Issue]) -> str | None:
        if not self.destinations or not identifier:
            return None
        for each in self.destinations:
            if identifier["system"] in each.identifier_systems:
                return each.name
        accepted = ", ".join(sorted(s for each in self.destinations for s in each.identifier_systems))
        problems.append(
            Issue(
                "business-rule",
                f"no configured destination owns this system, so the result could not be returned; "
                f"accepted systems: {accepted}",
                "Task.identifier.system",
            )
        )
        return None


def is_second_read(task: Resource) -> bool:
    """Whether it asks for a second reading, with a model or without."""
    return coded(task.get("code", {}), SECOND_READ) or is_ai_free(task) or is_assessment(task)


def asks_alike(one: Resource, other: Resource) -> bool:
    """Whether two second-read Tasks want the same kind of reading."""
    return (is_ai_free(one), assessors(one)) == (is_ai_free(other), assessors(other))


def is_ai_free(task: Resource) -> bool:
    """Whether its placer wants no model to take part (the patient's right to a human alone)."""
    if coded(task.get("code", {}), AI_FREE_READ):
        return True
    return is_assessment(task) and assessors(task).isdisjoint(MODELS)


def is_specialist_read(task: Resource) -> bool:
    return coded(task.get("code", {}), SPECIALIST_READ)


def is_final_read(task: Resource) -> bool:
    """Whether it shows a specialist both opinions, unnamed, and asks for the final answer."""
    return coded(task.get("code", {}), FINAL_READ)


def is_specialists(task: Resource) -> bool:
    """Whether it is a specialist's to answer."""
    return is_specialist_read(task) or is_final_read(task)


def is_completed_read(resource: Resource) -> bool:
    """Whether this is a specialist's Task that says it is done."""
    task = resource["resourceType"] == "Task"
    return task and is_specialist_read(resource) and resource["status"] == "completed"


def is_final_given(resource: Resource) -> bool:
    """Whether this is a specialist's Task that says that their answer is final."""
    task = resource["resourceType"] == "Task"
    return task and is_final_read(resource) and resource["status"] == "completed"


def _kind(task: Resource, problems: list[Issue]) -> None:
    demand_one_code(task, problems)
    if not is_second_read(task):
        codes = f"{SECOND_READ.code}, {AI_FREE_READ.code} where no model is to take part, {ASSESSMENT.code}"
        text = f"Tasks are accepted here with a code of {SECOND_READ.system}: {codes}"
        problems.append(Issue("business-rule", text, "Task.code"))
    if task["status"] != "requested":
        problems.append(Issue("business-rule", "a new Task has status requested", "Task.status"))
    if task["intent"] != "order":
        problems.append(Issue("business-rule", "a second read is an order: intent order", "Task.intent"))


def placed(task: Resource, problems: list[Issue]) -> Mapping[str, str]:
    """The identifier by which the placer knows the Task; without a usable one, a problem more."""
    usable = [each for each in task.get("identifier", []) if each.get("system") and each.get("value")]
    placer = [each for each in usable if _placer(each)]
    if not usable:
        text = (
            "the placer's identifier (type PLAC, with system and value) is needed: it makes repeats harmless"
        )
        problems.append(Issue("required", text, "Task.identifier"))
        return {}
    chosen = (placer or usable)[0]
    return {"system": chosen["system"], "value": chosen["value"]}


def _placer(identifier: Mapping[str, Any]) -> bool:
    return any(coding.get("code") == "PLAC" for coding in identifier.get("type", {}).get("coding", []))


def asked_question(task: Resource) -> str:
    for each in inputs(task, IN_QUESTION):
        if "valueString" in each:
            return str(each["valueString"])
        for coding in each.get("valueCodeableConcept", {}).get("coding", []):
            if coding.get("system") == QUESTION:
                return str(coding.get("code", ""))
    return ""


def _report(task: Resource, problems: list[Issue]) -> str:
    named = [task["focus"]] if "focus" in task else []
    named += [each.get("valueReference", {}) for each in inputs(task, IN_REPORT)]
    targets = {normal(each.get("reference", "")) for each in named}
    if len(targets) > 1:
        text = "focus and input primary-report name different reports; one Task asks about one report"
        problems.append(Issue("business-rule", text, "Task.focus"))
        return ""
    return _local(named[0] if named else None, "DiagnosticReport", "Task.focus", problems)


def _local(reference: Mapping[str, Any] | None, type_: str, path: str, problems: list[Issue]) -> str:
    target = local((reference or {}).get("reference", ""))
    if target is None or target[0] != type_:
        text = f"a reference to a {type_} at this server is needed; nothing is fetched from elsewhere"
        problems.append(Issue("required", text, path))
        return ""
    return f"{type_}/{target[1]}"


def _same_patient(report: str, patient: str, look: Look, problems: list[Issue]) -> None:
    found = look("DiagnosticReport", report.partition("/")[2]) if report and patient else None
    if found is None:
        return  # a missing resource has been told already
    if normal(found.get("subject", {}).get("reference", "")) != patient:
        text = "the report is about another patient than Task.for; right patient or no opinion"
        problems.append(Issue("business-rule", text, "Task.for"))
    if found.get("status") in ("cancelled", "entered-in-error"):
        text = "the report has been withdrawn by its author"
        problems.append(Issue("business-rule", text, "Task.focus"))


def _due_by(task: Resource) -> datetime | None:
    end = task.get("restriction", {}).get("period", {}).get("end")
    if end is None:
        return None
    due = moment(end)
    if due is None:
        raise fault(
            Category.UNPROCESSABLE,
            "value",
            "a deadline needs date, time and zone",
            "Task.restriction.period.end",
        )
    return due
