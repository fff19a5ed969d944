"""Code systems and codes that the peers write or look for (docs/fhir-door.md), each once."""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]

SR = "https://second-reader.example/fhir"
TASK = f"{SR}/CodeSystem/task"
QUESTION = f"{SR}/CodeSystem/question"
SPECIALIST_REPORT = f"{SR}/specialist-report"
"""Identifier system of the specialist's report as Second Reader writes it into the EHR."""

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
SNOMED = "http://snomed.info/sct"
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
ACT_VALUE = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
AI_ASSERTED = "AIAST"

PRESENT = "52101004"
ABSENT = "2667000"

TERMINAL = frozenset({"completed", "failed", "rejected", "cancelled", "entered-in-error"})
"""Task.status from which nothing follows (R4 Task state machine)."""


def concept(system: str, code: str, display: str = "") -> Resource:
    """A CodeableConcept with one coding."""
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]}


def codes_of(concept_: Resource | None, system: str | None = None) -> list[str]:
    """The codes of a CodeableConcept, of one system when it is named."""
    codings = (concept_ or {}).get("coding", [])
    return [each.get("code", "") for each in codings if system in (None, each.get("system"))]


def is_ai(resource: Resource) -> bool:
    """True when the resource is labelled as asserted by artificial intelligence (meta.security)."""
    labels = resource.get("meta", {}).get("security", [])
    return any(each.get("code") == AI_ASSERTED and each.get("system") == ACT_VALUE for each in labels)


def output(task: Resource, kind: str) -> Resource | None:
    """The Task.output whose type is ``{SR}/CodeSystem/task|kind``."""
    found = (each for each in task.get("output", []) if kind in codes_of(each.get("type"), TASK))
    return next(found, None)
