"""A Task that says what turned out, later and by other means, about what was asked (``outcome``).

It is no opinion upon the case: that would be a contest. Nobody reads it who reads the case anew, so that
hindsight moves no blind answer (``server.fhir.veil``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any, TypeVar

from server.errors import Issue
from server.fhir.admission import Look
from server.fhir.references import local, normal
from server.fhir.task_parts import coded, inputs
from server.fhir.terms import (
    ABSENT,
    IN_BASIS,
    IN_EVIDENCE,
    IN_FINDING,
    IN_KNOWN,
    NOT_KNOWN,
    OUTCOME,
    OUTCOME_BASIS,
    PRESENT,
)
from server.fhir.times import day, moment
from server.model import Answer, Basis, Coding, TurnedOut
from server.ports import Resource

T = TypeVar("T")
_PLACE = "Task.input"
_ANSWERS: dict[Coding, tuple[Answer | None]] = {
    PRESENT: (Answer.PRESENT,),
    ABSENT: (Answer.ABSENT,),
    NOT_KNOWN: (None,),
}
"""Unknown takes back what was told before."""
_BASES = {Coding(OUTCOME_BASIS, each.value, each.value): each for each in Basis}
_SHOWING = ("Observation", "DiagnosticReport", "Condition")


def is_outcome(task: Resource) -> bool:
    return coded(task.get("code", {}), OUTCOME)


def demand_outcome(task: Resource, look: Look, at: datetime, problems: list[Issue]) -> None:
    """What turned out, by what it is known, and when it was, not later than now."""
    if _said(task, IN_FINDING, _ANSWERS) is None:
        accepted = " or ".join(f"{each.system}|{each.code} ({each.display})" for each in _ANSWERS)
        text = (
            f"what turned out is needed, once: the input {IN_FINDING.code}, a CodeableConcept with {accepted}"
        )
        problems.append(Issue("required", text, _PLACE))
    if _said(task, IN_BASIS, _BASES) is None:
        accepted = ", ".join(Basis)
        text = (
            f"by what it is known is needed, once: the input {IN_BASIS.code}, a CodeableConcept with a code "
            f"of {OUTCOME_BASIS}: {accepted}"
        )
        problems.append(Issue("required", text, _PLACE))
    if _known(task, at) is None or len(inputs(task, IN_KNOWN)) > 1:
        kinds = "a day or a time with its zone"
        text = f"the input {IN_KNOWN.code} is one valueDateTime, {kinds}, not later than now"
        problems.append(Issue("business-rule", text, _PLACE))
    for each in inputs(task, IN_EVIDENCE):
        _demand_shown(task, each, look, problems)


def turned_out(task: Resource, by: str, at: datetime) -> TurnedOut:
    """What a Task says that was taken at ``at``; whatever it does not say has been demanded of it."""
    finding, basis = _said(task, IN_FINDING, _ANSWERS), _said(task, IN_BASIS, _BASES)
    known = _known(task, at)
    if finding is None or basis is None or known is None:
        raise ValueError("an outcome Task was taken that says too little")
    shown = [_reference(each) for each in inputs(task, IN_EVIDENCE)]
    return TurnedOut(finding[0], basis, known, by, f"Task/{task['id']}", ", ".join(shown))


def _said(task: Resource, kind: Coding, known: Mapping[Coding, T]) -> T | None:
    """What the one input of this kind says; None: there is none, there are more, or it says another thing."""
    found = inputs(task, kind)
    concepts = [each.get("valueCodeableConcept", {}) for each in found]
    meant = [value for code, value in known.items() if any(coded(each, code) for each in concepts)]
    return meant[0] if len(found) == 1 and len(meant) == 1 else None


def _known(task: Resource, at: datetime) -> datetime | None:
    said = [each.get("valueDateTime", "") for each in inputs(task, IN_KNOWN)]
    if not said:
        authored = _since(task.get("authoredOn", ""))
        return at if authored is None else min(authored, at)
    known = _since(said[0])
    return known if known is not None and known <= at else None


def _since(text: str) -> datetime | None:
    """A time with its zone, or a day from its beginning on, in UTC."""
    if (known := day(text)) is not None:
        return datetime.combine(known, time(), UTC)
    return moment(text)


def _demand_shown(task: Resource, named: Mapping[str, Any], look: Look, problems: list[Issue]) -> None:
    """Something of the patient's that is here: what cannot be looked up shows nothing."""
    target = local(_reference(named))
    found = look(*target) if target is not None and target[0] in _SHOWING else None
    if found is None:
        text = f"the input {IN_EVIDENCE.code} refers to one of {', '.join(_SHOWING)} at this server"
        problems.append(Issue("business-rule", text, _PLACE))
    elif _patient(found.get("subject")) != _patient(task.get("for")):
        problems.append(Issue("business-rule", "what shows it is about another patient", _PLACE))


def _reference(named: Mapping[str, Any]) -> str:
    return normal(str(named.get("valueReference", {}).get("reference", "")))


def _patient(reference: Mapping[str, str] | None) -> str:
    return normal((reference or {}).get("reference", ""))
