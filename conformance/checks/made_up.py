"""Made-up resources, each with identifiers that no other run uses and marked as test data."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from conformance.checks.filled import more
from conformance.checks.run import SYSTEM, Run
from conformance.peers.codes import (
    IDENTIFIER_TYPE,
    LOINC,
    QUESTION,
    SNOMED,
    SR,
    TASK,
    UCUM,
    Resource,
    concept,
)

TEST_DATA = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
"""Security label: test health data (R4 security-labels.html)."""
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport"
_QUESTION = "bacterial-meningitis"
_MADE_UP = concept(SYSTEM, "made-up")
_REPORT = concept(LOINC, "11502-2", "Laboratory report")

Link = Callable[[str], Resource]
"""Type -> a reference to a resource of that type; empty when the server takes none of it."""


def made_up(run: Run, type_: str, link: Link) -> Resource:
    """A resource of one of the types in ``MAKERS``, to be created."""
    whole = {"resourceType": type_, "meta": _meta(run), "identifier": [run.identifier()]}
    made = whole | more(type_, link) | MAKERS[type_](run, link)
    return {name: part for name, part in made.items() if part not in ({}, [])}


def asking(run: Run, patient: str, report: str) -> Resource:
    """A Task that asks for a second reading (docs/fhir-door.md, What an EHR sends)."""
    now = datetime.now(UTC)
    kind = concept(IDENTIFIER_TYPE, "PLAC")
    question = concept(QUESTION, _QUESTION)
    return {
        "resourceType": "Task",
        "meta": {"security": [TEST_DATA]},
        "identifier": [{"type": kind, "system": run.task_system, "value": run.fresh()}],
        "status": "requested",
        "intent": "order",
        "priority": "urgent",
        "code": concept(TASK, "second-read"),
        "focus": {"reference": report},
        "for": {"reference": patient},
        "authoredOn": instant(now),
        "lastModified": instant(now),
        "restriction": {"period": {"end": instant(now + timedelta(days=1))}},
        "input": [
            {"type": concept(TASK, "clinical-question"), "valueCodeableConcept": question},
            {"type": concept(TASK, "primary-report"), "valueReference": {"reference": report}},
        ],
    }


def instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _patient(run: Run, link: Link) -> Resource:
    del run, link
    return {
        "name": [{"family": "Testcase", "given": ["Nobody"]}],
        "gender": "other",
        "birthDate": "1990-05-01",
    }


def _practitioner(run: Run, link: Link) -> Resource:
    del run, link
    return {"active": True, "name": [{"family": "Testcase", "given": ["Nobody"]}]}


def _organization(run: Run, link: Link) -> Resource:
    del link
    return {"active": True, "name": f"Made up by {run.token}"}


def _role(run: Run, link: Link) -> Resource:
    """Not active: nobody shall be offered anything in its name."""
    del run
    return {
        "active": False,
        "practitioner": link("Practitioner"),
        "organization": link("Organization"),
        "specialty": [concept(SNOMED, "394807007", "Infectious diseases")],
    }


def _service_request(run: Run, link: Link) -> Resource:
    del run
    return {
        "status": "active",
        "intent": "order",
        "priority": "routine",
        "code": concept(LOINC, "2342-4"),
        "subject": link("Patient"),
        "basedOn": _many(link("ServiceRequest")),
    }


def _observation(run: Run, link: Link) -> Resource:
    """Heart rate: no evidence of any question that is read here."""
    del run
    return {
        "status": "final",
        "code": concept(LOINC, "8867-4", "Heart rate"),
        "subject": link("Patient"),
        "basedOn": _many(link("ServiceRequest")),
        "effectiveDateTime": instant(datetime.now(UTC) - timedelta(hours=1)),
        "valueQuantity": {"value": Decimal("72.0"), "unit": "/min", "system": UCUM, "code": "/min"},
    }


def _report(run: Run, link: Link) -> Resource:
    now = datetime.now(UTC)
    return {
        "status": "final",
        "code": _REPORT,
        "subject": link("Patient"),
        "basedOn": _many(link("ServiceRequest")),
        "effectiveDateTime": instant(now - timedelta(hours=1)),
        "issued": instant(now - timedelta(minutes=10)),
        "resultsInterpreter": _many(link("PractitionerRole")),
        "conclusion": f"Made up by {run.token}.",
    }


def _task(run: Run, link: Link) -> Resource:
    """One that any server may take, and that opens a case at ours: evidence is missing, so it waits."""
    patient, report = link("Patient"), link("DiagnosticReport")
    task = asking(run, patient.get("reference", ""), report.get("reference", ""))
    if not report:
        del task["focus"], task["input"]
    return task | {
        "meta": _meta(run),
        "for": patient,
        "businessStatus": concept(SYSTEM, "made-up"),
        "basedOn": _many(link("ServiceRequest")),
        "partOf": _many(link("Task")),
        "requester": link("Organization"),
        "owner": link("PractitionerRole"),
    }


def _subscription(run: Run, link: Link) -> Resource:
    """Off: nobody is told anything, and no server moves it by itself."""
    del link
    content = {"url": f"{BACKPORT}/StructureDefinition/backport-payload-content", "valueCode": "id-only"}
    return {
        "identifier": [],  # R4 Subscription has none
        "status": "off",
        "reason": f"Made up by {run.token}.",
        "criteria": f"{SR}/SubscriptionTopic/task-changed",
        "channel": {
            "type": "rest-hook",
            "endpoint": f"{SYSTEM}/{run.fresh()}",
            "payload": "application/fhir+json",
            "_payload": {"extension": [content]},
        },
    }


def encoded(run: Run) -> str:
    """Content of its own for a Binary."""
    return base64.b64encode(f"Made up: {run.fresh()}".encode()).decode()


def _binary(run: Run, link: Link) -> Resource:
    del link
    return {**_tagged(run), "contentType": "text/plain", "data": encoded(run)}


def _provenance(run: Run, link: Link) -> Resource:
    return {
        **_tagged(run),
        "target": _many(link("Patient")),
        "recorded": instant(datetime.now(UTC)),
    }


def _tagged(run: Run) -> Resource:
    """R4 gives it no identifier: a tag of its own tells it from all others."""
    meta = _meta(run)
    return {"identifier": [], "meta": meta | {"tag": [*meta["tag"], {"system": SYSTEM, "code": run.fresh()}]}}


def _bundle(run: Run, link: Link) -> Resource:
    del link
    return {"identifier": run.identifier(), "type": "collection", "timestamp": instant(datetime.now(UTC))}


def _plain(**elements: Any) -> Callable[[Run, Link], Resource]:
    """Only about a patient, if at all: an element that is ``Link`` gets the reference to them."""

    def make(run: Run, link: Link) -> Resource:
        del run
        return {name: link("Patient") if part is Link else part for name, part in elements.items()}

    return make


def _meta(run: Run) -> Resource:
    return {
        "source": f"{SYSTEM}/source",
        "tag": [{"system": f"{SYSTEM}/tag", "code": run.token}],
        "security": [TEST_DATA],
    }


def _many(reference: Resource) -> list[Resource]:
    return [reference] if reference else []


MAKERS: dict[str, Callable[[Run, Link], Resource]] = {
    "Patient": _patient,
    "Practitioner": _practitioner,
    "Organization": _organization,
    "PractitionerRole": _role,
    "ServiceRequest": _service_request,
    "Observation": _observation,
    "DiagnosticReport": _report,
    "Task": _task,
    "Subscription": _subscription,
    "Binary": _binary,
    "Bundle": _bundle,
    "Provenance": _provenance,
    "Basic": _plain(code=_MADE_UP, subject=Link),
    "Communication": _plain(status="completed", subject=Link),
    "Condition": _plain(code=_MADE_UP, subject=Link),
    "Consent": _plain(
        status="active", scope=_MADE_UP, category=[_MADE_UP], patient=Link, policyRule=_MADE_UP
    ),
    "DetectedIssue": _plain(status="final", patient=Link),
    "Device": _plain(status="inactive", deviceName=[{"name": "Made up", "type": "other"}]),
    "DocumentReference": _plain(status="current", subject=Link),
    "Encounter": _plain(
        status="finished",
        subject=Link,
        **{"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}},
    ),
    "Endpoint": _plain(
        status="off",
        address="https://checks.example/fhir",
        connectionType={
            "system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type",
            "code": "hl7-fhir-rest",
        },
        payloadType=[_MADE_UP],
    ),
    "HealthcareService": _plain(active=False, name="Made up"),
    "ImagingStudy": _plain(status="available", subject=Link),
    "Location": _plain(status="inactive", name="Made up"),
    "MeasureReport": _plain(
        status="complete",
        type="summary",
        measure="https://checks.example/Measure/made-up",
        period={"start": "2026-01-01", "end": "2026-01-31"},
    ),
    "Media": _plain(status="completed", subject=Link, content={"contentType": "text/plain"}),
    "MolecularSequence": _plain(coordinateSystem=0, type="dna", patient=Link),
    "RiskAssessment": _plain(status="final", subject=Link),
    "Specimen": _plain(type=_MADE_UP, subject=Link),
}
"""What can be made up; the rest is only looked for."""
