"""Who says something upon a result, or asks for an assessment: read from the reference, never from a label.

Where clients are not told apart, what is sent must at least fit: a device has read nothing, and another
patient is not concerned.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from server.errors import Category, Fault, Issue, fault
from server.fhir.admission import Look
from server.fhir.assessing import is_assessment
from server.fhir.parse import own
from server.fhir.references import local, normal
from server.fhir.terms import AI_FREE_READ, SECOND_READ
from server.ports import Resource, Shelf
from server.query import AnyOf, Query, Reference, Token

CLINICIANS = ("Practitioner", "PractitionerRole", "Organization")
_ANYWHERE = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[^/]+)?")
_PLACE = "Task.requester"
_ORDERS = tuple((each.system, each.code) for each in (SECOND_READ, AI_FREE_READ))
_MOST = 20


def demand_clinician(task: Resource, problems: list[Issue]) -> None:
    """A patient who has read a result does not act upon it, and a program has not read it."""
    if _named(task, problems) and _type(task) not in CLINICIANS:
        text = f"a clinician's word is needed: a {_either(CLINICIANS)}, by reference or by Reference.type"
        problems.append(Issue("business-rule", text, _PLACE))


def demand_patient_or_clinician(task: Resource, look: Look, problems: list[Issue]) -> None:
    """Whom a result is about contests it, or somebody for them; or whoever treats them."""
    if _named(task, problems) and _type(task) not in CLINICIANS and not _is_theirs(task, look):
        text = (
            "whom the result is about contests it, or a clinician: the patient of Task.for, a RelatedPerson "
            f"(contained) of that patient, or a {_either(CLINICIANS)}"
        )
        problems.append(Issue("business-rule", text, _PLACE))


def demand_concerned(task: Resource, report: str, look: Look, shelf: Shelf) -> None:
    """An assessment puts earlier opinions under seal: not everybody may ask for one.

    Raises:
        Fault: UNPROCESSABLE, saying who may.
    """
    if not is_assessment(task):
        return
    problems: list[Issue] = []
    if not _named(task, problems):
        raise Fault(Category.UNPROCESSABLE, *problems)
    if _is_theirs(task, look) or _asker(task) in _before(report, look, shelf):
        return
    text = (
        "an assessment is asked for by the patient of Task.for, a RelatedPerson (contained) of that patient, "
        "whoever signed the report, or the requester of an earlier second-read Task about it"
    )
    raise fault(Category.UNPROCESSABLE, "business-rule", text, _PLACE)


def signers(report: Resource | None) -> frozenset[str]:
    """Who answers for a report."""
    told = {} if report is None else report
    named = [*told.get("resultsInterpreter", []), *told.get("performer", [])]
    return frozenset(normal(each["reference"]) for each in named if each.get("reference"))


def _before(report: str, look: Look, shelf: Shelf) -> frozenset[str]:
    """Who signed the report, and who asked for a second reading of it; of many askers the first found."""
    about = AnyOf((Reference("focus", (report,)), Reference("input", (report,))))
    found = shelf.find(Query("Task", (about, Token("code", _ORDERS))), _MOST)
    asked = {_asker(own(each.body)) for each in found} - {""}
    return signers(look(*report.split("/", 1))) | asked


def is_of(person: Resource | None, patient: str) -> bool:
    """Whether this is a RelatedPerson of that patient."""
    return (
        person is not None
        and person.get("resourceType") == "RelatedPerson"
        and normal(person.get("patient", {}).get("reference", "")) == patient
    )


def _named(task: Resource, problems: list[Issue]) -> bool:
    """Whether somebody is named at all, and as one kind of somebody."""
    named = task.get("requester", {})
    if not named:
        text = "who has read the result, contests it, or asks for an assessment, is needed"
        problems.append(Issue("required", text, _PLACE))
        return False
    if named.get("type") and _referred(task) not in ("", named["type"]):
        text = "Reference.type and the reference name different types; leave the type out, or say the same"
        problems.append(Issue("business-rule", text, f"{_PLACE}.type"))
        return False
    return True


def _type(task: Resource) -> str:
    """By the reference; by the label where there is no reference that tells."""
    return _referred(task) or str(task.get("requester", {}).get("type", ""))


def _referred(task: Resource) -> str:
    inside = _contained(task)
    if inside is not None:
        return str(inside.get("resourceType", ""))
    match = _ANYWHERE.fullmatch(_asker(task))
    return match[1] if match else ""


def _is_theirs(task: Resource, look: Look) -> bool:
    patient = normal(task.get("for", {}).get("reference", ""))
    if _asker(task) == patient:
        return patient.startswith("Patient/")
    target = local(_asker(task))
    return is_of(look(*target) if target is not None else _contained(task), patient)


def _contained(task: Resource) -> Resource | None:
    reference = _asker(task)
    inside = (each for each in task.get("contained", []) if reference == f"#{each.get('id')}")
    return next(inside, None)


def _asker(task: Resource) -> str:
    return normal(str(task.get("requester", {}).get("reference", "")))


def _either(types: Collection[str]) -> str:
    *most, last = types
    return f"{', '.join(most)} or {last}"
