"""An opinion, a patient and an agreement, for the tests of the pens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from server.hl7v2.pens.letter import Letter
from server.hl7v2.pens.opinion import Names, Opinion, Signed
from server.hl7v2.pens.referral import Asked, Standing, Turn
from server.model import (
    AiRead,
    Answer,
    AssignedBy,
    Coding,
    Comparator,
    Hl7Terms,
    Measurement,
    ResourceKey,
    SpecialistRead,
    Urgency,
)
from tests.world import BACTERIAL, CARD, LOINC

VERSIONS = ("2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8")
AT = datetime(2026, 1, 5, 9, 2, 12, tzinfo=UTC)
READ_AT = datetime(2026, 1, 5, 9, 2, 0, tzinfo=UTC)
TERMS = Hl7Terms(
    sender=("SECONDREAD", "GATEWAY"),
    receiver=("EHR", "HOSP"),
    authorities=(
        AssignedBy("https://ehr.example/patient", "HOSP", "1.2.3", "ISO"),
        AssignedBy("https://ehr.example/order", "EHR"),
        AssignedBy("https://ehr.example/doctor", "", "9.9", "ISO"),
    ),
)
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [
        {"system": "https://elsewhere.example/nobody-asked", "value": "SECRET"},
        {
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
            "system": "https://ehr.example/patient",
            "value": "MRN123",
        },
    ],
    "name": [{"use": "official", "family": "Doe", "given": ["Jane", "Ann"]}],
    "birthDate": "1970-01-01",
    "gender": "female",
}
PLACER = {"system": "https://ehr.example/order", "value": "PLC77"}
NAMES = Names("SR42", "SR1", "SR2", "SR3", "SR4", "SR43", "SR5")
READ = AiRead(
    question=CARD.question,
    card=CARD.identity,
    model_digest="0" * 64,
    input_digest="1" * 64,
    made_at=READ_AT,
    answer=Answer.PRESENT,
    probability=0.91,
    band=CARD.band,
)
SIGNED = Signed(
    read=SpecialistRead(
        ResourceKey("DiagnosticReport", "r", 1),
        "2" * 64,
        READ_AT,
        "PractitionerRole/1",
        Answer.PRESENT,
        (BACTERIAL,),
    ),
    report={
        "status": "final",
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "11502-2", "display": "Laboratory report"}]
        },
        "conclusion": "Bacterial & urgent.",
    },
    practitioner={
        "identifier": [{"system": "https://ehr.example/doctor", "value": "D7"}],
        "name": [{"family": "Quill", "given": ["Ida"], "prefix": ["Dr."]}],
    },
    name="Dr. Ida Quill",
)
OPINION = Opinion(
    card=CARD,
    read=READ,
    words="AI second read, not verified by a clinician: bacterial meningitis present.",
    confidence="0.9100",
    agreement=Coding("", "major-discordance", "Major discordance"),
    outcome=Coding("", "closed-amended", "The specialist does not agree with the first report"),
    decided=Coding("https://second-reader.example/fhir/CodeSystem/decided-by", "specialist", "Specialist"),
    names=NAMES,
)


def letter(terms: Hl7Terms = TERMS, **changes: Any) -> Letter:
    made = Letter(terms=terms, at=AT, control="SR00000042", patient=PATIENT, placer=PLACER)
    return replace(made, **changes)


def in_version(version: str, **changes: Any) -> Letter:
    return letter(replace(TERMS, version=version, **changes))


ASKED = Asked(
    turn=Turn.OFFERED,
    standing=Standing.PENDING,
    card=CARD,
    offer="SR50",
    referral="SR51",
    urgency=Urgency.URGENT,
    offered_at=AT,
    due=AT + timedelta(minutes=30),
    operator="Test operator",
    practitioner=SIGNED.practitioner,
    name="Dr. Ida Quill",
    values=(
        Measurement(
            (Coding(LOINC, "26464-8"),), Decimal(1200), "/uL", READ_AT, ResourceKey("Observation", "o", 1)
        ),
        Measurement(
            (Coding(LOINC, "2342-4", "Glucose"),),
            Decimal("2.50"),
            "mg/dL",
            READ_AT,
            ResourceKey("Observation", "p", 1),
            comparator=Comparator.LESS,
            final=False,
        ),
        Measurement((Coding(LOINC, "600-7"),), None, "", None, ResourceKey("Observation", "q", 1)),
    ),
    studies=("1.2.3",),
    priors=("1.2.4",),
)
