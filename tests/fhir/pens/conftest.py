"""One case in nouns: the AI says present, the human said otherwise, a specialist is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from fhir.resources.R4B import get_fhir_model_class

from server.fhir.pens.correspondence import Correspondence, Operator
from server.model import (
    AiRead,
    Answer,
    Band,
    Candidate,
    Card,
    Coding,
    Comparison,
    Contribution,
    Discordance,
    InputContract,
    Offer,
    Referral,
    ResourceKey,
    Span,
    Specialist,
    SpecialistRead,
    Urgency,
    Verdict,
)

SNOMED = "http://snomed.info/sct"
MADE = datetime(2026, 1, 5, 9, 2, 0, 250_000, tzinfo=UTC)
NOW = datetime(2026, 1, 5, 12, 30, tzinfo=UTC)
OFFERED = datetime(2026, 1, 5, 9, 3, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def card():
    return Card(
        question="bacterial-meningitis",
        name="meningitis-trees",
        version="1.0.0",
        title="Bacterial meningitis from blood and CSF",
        manufacturer="Example Laboratory",
        model_file="model.json",
        model_digest="ab" * 32,
        intended_use="",
        limits=(),
        contract=InputContract((), Span(Decimal(0), Decimal(120))),
        band=Band(0.1, 0.6),
        finding=Coding(SNOMED, "95883001", "Bacterial meningitis"),
        report_code=Coding("http://loinc.org", "11502-2", "Laboratory report"),
        present_codes=(Coding(SNOMED, "95883001"),),
        absent_codes=(Coding(SNOMED, "58170007"),),
        calibration={},
        performance={},
    )


@pytest.fixture
def read():
    return AiRead(
        question="bacterial-meningitis",
        card="meningitis-trees@1.0.0",
        model_digest="ab" * 32,
        input_digest="cd" * 32,
        made_at=MADE,
        answer=Answer.PRESENT,
        probability=0.9312,
        band=Band(0.1, 0.6),
        contributions=(Contribution("glucose", "CSF glucose", "1.1", "mmol/L", 1.5),),
        sources=(ResourceKey("Observation", "o1", 2), ResourceKey("Observation", "o2", 1)),
    )


@pytest.fixture
def comparison():
    return Comparison(
        Verdict.DISCORDANT, "differs", "bacterial-meningitis@1", Answer.ABSENT, Discordance.MISSED
    )


@pytest.fixture
def posted():
    """The EHR's Task as our door keeps it: local references, our status and outputs."""
    return {
        "resourceType": "Task",
        "id": "t1",
        "meta": {"versionId": "4", "lastUpdated": "2026-01-05T09:00:01Z", "tag": [{"code": "ward"}]},
        "contained": [{"resourceType": "OperationOutcome", "id": "oo", "issue": []}],
        "identifier": [
            {
                "type": {
                    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PLAC"}]
                },
                "system": "https://ehr.example/task",
                "value": "T-1001",
            }
        ],
        "status": "in-progress",
        "statusReason": {"text": "no longer true"},
        "businessStatus": {"coding": [{"code": "ai-running"}]},
        "intent": "order",
        "priority": "urgent",
        "code": {
            "coding": [
                {"system": "https://second-reader.example/fhir/CodeSystem/task", "code": "second-read"}
            ]
        },
        "focus": {"reference": "DiagnosticReport/dr1"},
        "for": {"reference": "Patient/p1"},
        "requester": {"reference": "Organization/unnamed"},
        "authoredOn": "2026-01-05T09:00:00Z",
        "lastModified": "2026-01-05T09:01:00Z",
        "restriction": {"period": {"end": "2026-01-06T09:00:00Z"}},
        "input": [
            {
                "type": {"text": "primary-report"},
                "valueReference": {"reference": "DiagnosticReport/dr1/_history/3"},
            },
            {"type": {"text": "unnamed"}, "valueReference": {"reference": "Observation/unnamed"}},
            {"type": {"text": "clinical-question"}, "valueString": "bacterial-meningitis"},
        ],
        "output": [{"type": {"text": "completeness-outcome"}, "valueReference": {"reference": "#oo"}}],
    }


@pytest.fixture
def letter(posted):
    return Correspondence(
        case="c1",
        patient={"system": "https://ehr.example/mrn", "value": "M-7"},
        task={"system": "https://ehr.example/task", "value": "T-1001"},
        posted=posted,
        operator=Operator("North Hospital", {"system": "https://ehr.example/org", "value": "north"}),
        known={
            "Observation/o1": {"system": "https://ehr.example/obs", "value": "O-1"},
            "DiagnosticReport/dr1": {"system": "https://ehr.example/report", "value": "R-1"},
            "PractitionerRole/r7": {"system": "https://ehr.example/role", "value": "R7"},
        },
    )


@pytest.fixture
def offer():
    return Offer(1, "PractitionerRole/r7", OFFERED, OFFERED + timedelta(hours=1), "Task/x1")


@pytest.fixture
def referral(offer):
    specialist = Specialist(
        "PractitionerRole/r7", "Practitioner/7", "Organization/2", "Dr. Ada Example", True, ()
    )
    return Referral(
        reason="missed",
        urgency=Urgency.STAT,
        service_request="ServiceRequest/s1",
        deadline=OFFERED + timedelta(hours=6),
        candidates=(Candidate(specialist, (), 0.9, ("same specialty",)),),
        offers=(offer,),
    )


@pytest.fixture
def specialist_read():
    return SpecialistRead(
        report=ResourceKey("DiagnosticReport", "sr1", 1),
        digest="ef" * 32,
        signed_at=datetime(2026, 1, 5, 11, 0, tzinfo=UTC),
        role="PractitionerRole/r7",
        answer=Answer.PRESENT,
        codes=(Coding(SNOMED, "95883001"),),
    )


@pytest.fixture
def specialist_report():
    return {
        "resourceType": "DiagnosticReport",
        "id": "sr1",
        "meta": {
            "versionId": "1",
            "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}],
        },
        "status": "final",
        "basedOn": [{"reference": "ServiceRequest/s1"}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "11502-2"}]},
        "subject": {"reference": "Patient/p1"},
        "issued": "2026-01-05T11:00:00Z",
        "resultsInterpreter": [{"reference": "PractitionerRole/r7"}],
        "conclusion": "Bacterial.",
        "conclusionCode": [{"coding": [{"system": SNOMED, "code": "95883001"}], "text": "bacterial"}],
    }


@pytest.fixture
def valid():
    """Checks a resource against the R4 models; returns it."""

    def check(resource):
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        return resource

    return check
