"""Nouns for the tests of this room, made short: every part has a harmless default."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from server.model import (
    AiRead,
    Answer,
    Band,
    Card,
    Clock,
    Coding,
    FirstRead,
    InputContract,
    Policy,
    ResourceKey,
    Span,
    Specialist,
    Urgency,
)

SCT = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10"
INFECTION = Coding(SCT, "394807007", "Infectious diseases")
MICROBIOLOGY = Coding(SCT, "408454008", "Clinical microbiology")
NEUROLOGY = Coding(SCT, "394591006", "Neurology")
CARDIOLOGY = Coding(SCT, "394579002", "Cardiology")

BACTERIAL = Coding(SCT, "95883001", "Bacterial meningitis")
BACTERIAL_ICD = Coding(ICD, "G00")
VIRAL = Coding(SCT, "58170007", "Viral meningitis")
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def a_card(question="bacterial-meningitis"):
    return Card(
        question=question,
        name="abm",
        version="1.0.0",
        title="Bacterial meningitis",
        manufacturer="made up",
        model_file="model.json",
        model_digest="0" * 64,
        intended_use="tests",
        limits=(),
        contract=InputContract((), Span(Decimal(0), Decimal(120))),
        band=Band(0.2, 0.8),
        finding=BACTERIAL,
        report_code=Coding("http://loinc.org", "11502-2"),
        present_codes=(BACTERIAL, BACTERIAL_ICD),
        absent_codes=(VIRAL, Coding(ICD, "A87")),
        calibration={},
        performance={},
    )


def a_policy(**changes):
    plain = {
        "question": "bacterial-meningitis",
        "version": "1.0.0",
        "rule": "P1",
        "audit_fraction": 0.05,
        "incomplete_for": hours(48),
        "first_read_within": hours(72),
        "specialties": (INFECTION, MICROBIOLOGY, NEUROLOGY),
        "urgency": {},
        "clocks": {Urgency.URGENT: Clock(hours(0.5), hours(1))},
        "deliver_for": hours(96),
    }
    return Policy(**plain | changes)


def a_first_read(*codes, readers=("PractitionerRole/first",), organisations=("Organization/home",)):
    return FirstRead(ResourceKey("DiagnosticReport", "dr1", 1), "0" * 64, NOW, codes, readers, organisations)


def an_ai_read(answer: Answer | None, *reasons: str, question="bacterial-meningitis"):
    return AiRead(
        question=question,
        card="abm@1.0.0",
        model_digest="0" * 64,
        input_digest="0" * 64,
        made_at=NOW,
        answer=answer,
        probability=None,
        band=Band(0.2, 0.8),
        reasons=reasons,
    )


def a_specialist(name="ada", **changes):
    """Passes every filter and has the best possible fit."""
    plain = {
        "role": f"PractitionerRole/{name}",
        "practitioner": f"Practitioner/{name}",
        "organisation": "Organization/away",
        "name": name,
        "active": True,
        "specialties": (INFECTION,),
        "absences": (),
        "turnaround": hours(1),
    }
    return Specialist(**plain | changes)
