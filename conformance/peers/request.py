"""One request for a second reading as an EHR writes it (docs/fhir-door.md, What an EHR sends)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from conformance.peers.codes import IDENTIFIER_TYPE, LOINC, QUESTION, TASK, UCUM, Resource, concept

DIRECTORY = "https://directory.example"
"""Identifier systems of clinicians and organisations: ``/role``, ``/practitioner``, ``/organisation``."""


@dataclass(frozen=True, slots=True)
class Lab:
    """One laboratory value to be sent as an Observation."""

    name: str
    code: str
    """LOINC."""
    display: str
    value: Decimal
    unit: str
    """UCUM."""


@dataclass(frozen=True, slots=True)
class Patient:
    family: str
    given: str
    birth_date: date
    gender: str


@dataclass(frozen=True, slots=True)
class Clinician:
    """Who signs the first report."""

    role: str
    practitioner: str
    family: str
    given: str
    organisation: str
    organisation_name: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """A coded conclusion with its words."""

    system: str
    code: str
    display: str
    text: str


@dataclass(frozen=True, slots=True)
class Study:
    """The images that a report is about."""

    uid: str
    """Study Instance UID."""
    images: int
    """How many there are."""


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Everything of one case that the EHR knows when it asks."""

    token: str
    """Unique for ever; every identifier of the request is made of it."""
    question: str
    patient: Patient
    labs: tuple[Lab, ...]
    report_code: Resource
    """DiagnosticReport.code, a CodeableConcept."""
    opinion: Opinion
    signed_by: Clinician
    collected_at: datetime
    signed_at: datetime
    asked_at: datetime
    due_at: datetime
    priority: str = "urgent"
    study: Study | None = None
    signed: bool = True
    """Whether the first report is signed when it is sent."""
    refuses_ai: bool = False
    """The patient does not want a model to take part; a Consent goes along."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource to create, under the condition that nothing has its identifier yet."""

    full_url: str
    resource: Resource
    condition: str

    @property
    def bundled(self) -> Resource:
        """As an entry of a transaction Bundle."""
        request = {"method": "POST", "url": self.resource["resourceType"], "ifNoneExist": self.condition}
        return {"fullUrl": self.full_url, "resource": self.resource, "request": request}


def entry(resource: Resource, system: str, value: str, **more: Resource) -> Entry:
    """A conditional create of ``resource`` with this identifier."""
    identifier = {"system": system, "value": value} | more
    name = f"{resource['resourceType']} {system}|{value}"
    condition = f"identifier={system}|{value}"
    return Entry(f"urn:uuid:{uuid5(NAMESPACE_URL, name)}", resource | {"identifier": [identifier]}, condition)


def bundle(entries: tuple[Entry, ...]) -> Resource:
    return {"resourceType": "Bundle", "type": "transaction", "entry": [each.bundled for each in entries]}


def entries(request: ReadRequest, system: str) -> tuple[Entry, ...]:
    """Everything to send, in an order in which each refers to earlier ones only.

    ``system`` is the EHR's own namespace, for example ``https://ehr.example``.
    """
    people = clinician(request.signed_by)
    patient = _patient(request, system)
    labs = tuple(observation(lab, request, system) for lab in request.labs)
    images = () if request.study is None else (_imaging(request.study, patient),)
    refused = (_refusal(request, system, patient),) if request.refuses_ai else ()
    report = _report(request, system, patient, people[-1], labs, images)
    task = _task(request, system, patient, people[1], report)
    return (*people, patient, *refused, *labs, *images, report, task)


def clinician(who: Clinician, **role: object) -> tuple[Entry, ...]:
    """Practitioner, PractitionerRole and, between them, the Organization when it is known.

    ``role`` adds elements to the PractitionerRole.
    """
    name = [{"family": who.family, "given": [who.given]}]
    person = entry(
        {"resourceType": "Practitioner", "active": True, "name": name},
        f"{DIRECTORY}/practitioner",
        who.practitioner,
    )
    job = {"resourceType": "PractitionerRole", "active": True, "practitioner": {"reference": person.full_url}}
    if not who.organisation:
        return person, entry(job | role, f"{DIRECTORY}/role", who.role)
    house = {"resourceType": "Organization", "active": True, "name": who.organisation_name}
    organisation = entry(house, f"{DIRECTORY}/organisation", who.organisation)
    place = {"organization": {"reference": organisation.full_url}}
    return person, organisation, entry(job | place | role, f"{DIRECTORY}/role", who.role)


def observation(lab: Lab, request: ReadRequest, system: str) -> Entry:
    """One laboratory value; sent with the request, or alone when it comes later."""
    quantity = {"value": lab.value, "unit": lab.unit, "system": UCUM, "code": lab.unit}
    category = concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory")
    return entry(
        {
            "resourceType": "Observation",
            "status": "final",
            "category": [category],
            "code": concept(LOINC, lab.code, lab.display),
            "subject": {"reference": _patient(request, system).full_url},
            "effectiveDateTime": _instant(request.collected_at),
            "valueQuantity": quantity,
        },
        f"{system}/observation",
        f"{request.token}-{lab.name}",
    )


def _patient(request: ReadRequest, system: str) -> Entry:
    who = request.patient
    return entry(
        {
            "resourceType": "Patient",
            "name": [{"family": who.family, "given": [who.given]}],
            "gender": who.gender,
            "birthDate": who.birth_date.isoformat(),
        },
        f"{system}/patient",
        f"P-{request.token}",
    )


def _refusal(request: ReadRequest, system: str, patient: Entry) -> Entry:
    """No automated processing of this patient's data for treatment (docs/policies.md)."""
    reason = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREATDS"}
    return entry(
        {
            "resourceType": "Consent",
            "status": "active",
            "scope": concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
            "category": [concept(LOINC, "59284-0", "Patient Consent")],
            "patient": {"reference": patient.full_url},
            "dateTime": _instant(request.signed_at),
            "policy": [{"uri": f"{system}/policy/ai"}],
            "provision": {"type": "deny", "purpose": [reason]},
        },
        f"{system}/consent",
        f"C-{request.token}",
    )


def _imaging(study: Study, patient: Entry) -> Entry:
    """The study, by its UID as R4 writes that (ImagingStudy.identifier), and how many images belong to it."""
    return entry(
        {
            "resourceType": "ImagingStudy",
            "status": "available",
            "subject": {"reference": patient.full_url},
            "numberOfInstances": study.images,
        },
        "urn:dicom:uid",
        f"urn:oid:{study.uid}",
    )


def _report(  # noqa: PLR0917 - what a report refers to
    request: ReadRequest,
    system: str,
    patient: Entry,
    signer: Entry,
    labs: tuple[Entry, ...],
    images: tuple[Entry, ...],
) -> Entry:
    opinion = request.opinion
    # JSON has no empty arrays in R4.
    about = {"result": labs, "imagingStudy": images}
    named = {name: [{"reference": each.full_url} for each in found] for name, found in about.items() if found}
    return entry(
        {
            "resourceType": "DiagnosticReport",
            "status": "final" if request.signed else "preliminary",
            "code": request.report_code,
            "subject": {"reference": patient.full_url},
            "effectiveDateTime": _instant(request.collected_at),
            "issued": _instant(request.signed_at),
            "resultsInterpreter": [{"reference": signer.full_url}],
            "conclusion": opinion.text,
            "conclusionCode": [concept(opinion.system, opinion.code, opinion.display)],
        }
        | named,
        f"{system}/report",
        f"R-{request.token}",
    )


def _task(request: ReadRequest, system: str, patient: Entry, asker: Entry, report: Entry) -> Entry:
    question = concept(QUESTION, request.question)
    inputs = [
        {"type": concept(TASK, "clinical-question"), "valueCodeableConcept": question},
        {"type": concept(TASK, "primary-report"), "valueReference": {"reference": report.full_url}},
    ]
    return entry(
        {
            "resourceType": "Task",
            "status": "requested",
            "intent": "order",
            "priority": request.priority,
            "code": concept(TASK, "second-read"),
            "focus": {"reference": report.full_url},
            "for": {"reference": patient.full_url},
            "requester": {"reference": asker.full_url},
            "authoredOn": _instant(request.asked_at),
            "lastModified": _instant(request.asked_at),
            "restriction": {"period": {"end": _instant(request.due_at)}},
            "input": inputs,
        },
        f"{system}/task",
        f"T-{request.token}",
        type=concept(IDENTIFIER_TYPE, "PLAC"),
    )


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
