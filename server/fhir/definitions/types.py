"""The resource types whose definitions are here, and how far each is served: one line for each type.

After a new line: ``python -m server.fhir.definitions.make PACKAGE_FOLDER`` brings its definitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Use(Enum):
    """How far a type is served."""

    GUARDED = "written like the next, but updated with If-Match only: no writer overwrites another unseen"
    WRITTEN = "created, updated, read and searched at this door"
    READ = "read and searched at this door; this server alone writes it"
    TAKEN = "taken: validated wherever it comes, kept nowhere yet"
    PUBLISHED = "published: read and searched at this door, made from its own tables; taken from nobody"
    DESCRIBED = "described: only its definitions are here, for resources of our own making"


AUDITS = "AuditEvent"
"""For auditors alone, and by itself: no history of everything and nobody's record tells who looked at it."""
TYPES: Mapping[str, Use] = {
    "AuditEvent": Use.READ,
    "Basic": Use.WRITTEN,
    "Binary": Use.WRITTEN,
    "Bundle": Use.WRITTEN,
    "CapabilityStatement": Use.DESCRIBED,
    "CodeSystem": Use.PUBLISHED,
    "Communication": Use.WRITTEN,
    "Condition": Use.WRITTEN,
    "Consent": Use.WRITTEN,
    "DetectedIssue": Use.WRITTEN,
    "Device": Use.WRITTEN,
    "DiagnosticReport": Use.GUARDED,
    "DocumentReference": Use.WRITTEN,
    "Encounter": Use.WRITTEN,
    "Endpoint": Use.WRITTEN,
    "HealthcareService": Use.WRITTEN,
    "ImagingStudy": Use.WRITTEN,
    "Location": Use.WRITTEN,
    "MeasureReport": Use.WRITTEN,
    "Media": Use.WRITTEN,
    "MolecularSequence": Use.WRITTEN,
    "NamingSystem": Use.PUBLISHED,
    "Observation": Use.WRITTEN,
    "OperationDefinition": Use.PUBLISHED,
    "OperationOutcome": Use.TAKEN,
    "Organization": Use.WRITTEN,
    "Parameters": Use.TAKEN,
    "Patient": Use.WRITTEN,
    "Practitioner": Use.WRITTEN,
    "PractitionerRole": Use.WRITTEN,
    "Provenance": Use.WRITTEN,
    "RiskAssessment": Use.WRITTEN,
    "SearchParameter": Use.PUBLISHED,
    "ServiceRequest": Use.GUARDED,
    "Specimen": Use.WRITTEN,
    "StructureDefinition": Use.PUBLISHED,
    "Subscription": Use.WRITTEN,
    "Task": Use.GUARDED,
    "ValueSet": Use.PUBLISHED,
}
