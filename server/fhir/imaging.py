"""What a Task, its report and their orders say of a study: which it is, whose, how many images.

R4 has no field for a Study Instance UID: it is an identifier of ImagingStudy, with the system
``urn:dicom:uid`` and the UID behind ``urn:oid:`` (R4 imagingstudy.html, notes). An accession number is an
identifier of type ACSN (v2-0203) of the order, the study or the report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from server.fhir.references import local
from server.fhir.task_parts import inputs
from server.fhir.terms import IN_STUDY
from server.images import Ordered, Person
from server.ports import Resource
from server.words import name_words

DICOM_UID = "urn:dicom:uid"
_OID = "urn:oid:"
Look = Callable[[str, str], Resource | None]
"""(type, id) -> the resource as it stands, or None."""


def ordered(task: Resource, report: Resource, patient: Resource, look: Look) -> Ordered:
    """All that is said of the images, wherever the sender has put it."""
    references = [*_asked(task), *report.get("imagingStudy", [])]
    described = [each for each in _resources(references, "ImagingStudy", look) if _stands(each)]
    orders = list(_resources(_orders(task, report, described), "ServiceRequest", look))
    named = [{"identifier": [each["identifier"]]} for each in references if "identifier" in each]
    carriers = [report, *described, *orders, *named]
    # None is what stands there before anything is made, and nobody orders an opinion on it.
    counts = {int(each["numberOfInstances"]) for each in described if each.get("numberOfInstances")}
    return Ordered(
        studies=tuple(dict.fromkeys(uid for each in carriers for uid in study_uids(each))),
        accessions=tuple(dict.fromkeys(pair for each in carriers for pair in accessions_of(each))),
        patient_ids=tuple(dict.fromkeys(_pairs(patient.get("identifier", [])))),
        expected=max(counts, default=None),
        person=_person(patient),
    )


def _person(patient: Resource) -> Person:
    """A day of birth that is not whole tells nobody apart."""
    names = [part for each in patient.get("name", []) for part in _spoken(each)]
    born = str(patient.get("birthDate", "")).replace("-", "")
    return Person(name_words(" ".join(names)), born if len(born) == 8 else "")


def _spoken(name: dict[str, Any]) -> Iterator[str]:
    yield from (name.get(each, "") for each in ("text", "family"))
    yield from (each or "" for each in name.get("given", []))


def _asked(task: Resource) -> Iterator[Resource]:
    for each in inputs(task, IN_STUDY):
        if "valueReference" in each:
            yield each["valueReference"]
        if "valueIdentifier" in each:
            yield {"identifier": each["valueIdentifier"]}


def _orders(task: Resource, report: Resource, studies: Iterable[Resource]) -> Iterator[Resource]:
    for each in (task, report, *studies):
        yield from each.get("basedOn", [])


def _resources(references: Iterable[Resource], type_: str, look: Look) -> Iterator[Resource]:
    for each in references:
        target = local(each.get("reference", ""))
        found = look(*target) if target is not None and target[0] == type_ else None
        if found is not None:
            yield found


def _stands(study: Resource) -> bool:
    return study.get("status") not in ("cancelled", "entered-in-error")


def study_uids(resource: Resource) -> Iterator[str]:
    for system, value in _pairs(resource.get("identifier", [])):
        if system == DICOM_UID:
            yield value.removeprefix(_OID)


def accessions_of(resource: Resource) -> Iterator[tuple[str, str]]:
    typed = [each for each in resource.get("identifier", []) if _is_accession(each)]
    yield from _pairs(typed)


def _is_accession(identifier: dict[str, Any]) -> bool:
    return any(each.get("code") == "ACSN" for each in identifier.get("type", {}).get("coding", []))


def _pairs(identifiers: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """One without a system is kept: a modality writes none either."""
    for each in identifiers:
        if each.get("value"):
            yield str(each.get("system", "")), str(each["value"]).strip()
