"""Whether a specialist may finalise: the report that carries the answer, and the reasons that are due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from server.arbitration import Given, Overruling, answer_of, lacking
from server.errors import Category, Fault, Issue, fault
from server.fhir.admission import Look
from server.fhir.completion import demand_report, named_report
from server.fhir.opinions import conclusion
from server.fhir.task_parts import inputs
from server.fhir.terms import (
    ABSENT,
    IN_LOCALISED,
    IN_OPINION_X,
    IN_OPINION_Y,
    IN_OWN_ANSWER,
    OUT_FINAL_REASON,
    OUT_OVERRULING,
    OVERRULING,
    PRESENT,
    TASK,
)
from server.fhir.times import moment
from server.model import Answer, Card, Coding
from server.ports import Resource

_PATH = "Task.output"
_ANSWERS = {PRESENT.code: Answer.PRESENT, ABSENT.code: Answer.ABSENT}


def demand_final(task: Resource, look: Look, card: Card, at: datetime) -> Given:
    """The final answer of a Task that is to become completed.

    Raises:
        Fault: CONFLICT when time has run out, UNPROCESSABLE with everything that is missing, and what would
            be accepted.
    """
    due = moment(task.get("restriction", {}).get("period", {}).get("end", ""))
    if due is not None and due < at:
        text = "the time for the final answer has run out; the answer that was given blind counts"
        raise fault(Category.CONFLICT, "business-rule", text, "Task.restriction.period.end")
    demand_report(task, look)
    given = final_answer(task, look(*named_report(task).split("/")) or {}, card)
    if given is None:
        text = (
            "the report's conclusionCode says neither present nor absent, or both; accepted for present: "
            f"{_listed(card.present_codes)}; for absent: {_listed(card.absent_codes)}"
        )
        raise fault(Category.UNPROCESSABLE, "business-rule", text, _PATH)
    if wrong := list(_lacking(task, given)):
        raise Fault(Category.UNPROCESSABLE, *wrong)
    return given


def final_answer(task: Resource, report: Resource, card: Card) -> Given | None:
    """What the report says, and the reasons that the Task gives; None when the report does not say."""
    answer = answer_of(conclusion(report), card)
    if answer is None:
        return None
    outputs = {
        coding.get("code"): each
        for each in task.get("output", [])
        for coding in each.get("type", {}).get("coding", [])
        if coding.get("system") == TASK
    }
    reason = outputs.get(OUT_FINAL_REASON.code, {}).get("valueString", "")
    coded = outputs.get(OUT_OVERRULING.code, {}).get("valueCodeableConcept", {}).get("coding", [])
    codes = [each.get("code", "") for each in coded if each.get("system") == OVERRULING]
    return Given(answer, str(reason).strip(), next(iter(codes), ""))


def _lacking(task: Resource, given: Given) -> Iterator[Issue]:
    own, x, y = (_said(task, kind) for kind in (IN_OWN_ANSWER, IN_OPINION_X, IN_OPINION_Y))
    localised = any(each.get("valueBoolean") for each in inputs(task, IN_LOCALISED))
    missing = lacking(given, own or given.answer, (x, y), localised=localised)
    texts = {
        OUT_FINAL_REASON.code: "most of the three answers (X, Y, your own) say otherwise: say why in an "
        f"output of type {TASK}|{OUT_FINAL_REASON.code}, valueString",
        OUT_OVERRULING.code: "a finding is overruled: say why in an output of type "
        f"{TASK}|{OUT_OVERRULING.code}, valueCodeableConcept with a code of {OVERRULING}: "
        f"{', '.join(Overruling)}",
    }
    for each in missing:
        yield Issue("required", texts[each], _PATH)


def _said(task: Resource, kind: Coding) -> Answer | None:
    for each in inputs(task, kind):
        for coding in each.get("valueCodeableConcept", {}).get("coding", []):
            if coding.get("code") in _ANSWERS:
                return _ANSWERS[coding["code"]]
    return None


def _listed(codes: tuple[Coding, ...]) -> str:
    return ", ".join(f"{each.system}|{each.code}" for each in codes)
