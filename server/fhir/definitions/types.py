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
    DESCRIBED = "described: only its definitions are here, for resources of our own making"


TYPES: Mapping[str, Use] = {
    "AuditEvent": Use.TAKEN,
    "Basic": Use.TAKEN,
    "Binary": Use.TAKEN,
    "Bundle": Use.TAKEN,
    "CapabilityStatement": Use.DESCRIBED,
    "CodeSystem": Use.DESCRIBED,
    "Communication": Use.TAKEN,
    "Condition": Use.TAKEN,
    "Consent": Use.TAKEN,
    "DetectedIssue": Use.TAKEN,
    "Device": Use.READ,
    "DiagnosticReport": Use.GUARDED,
    "DocumentReference": Use.TAKEN,
    "Encounter": Use.TAKEN,
    "Endpoint": Use.TAKEN,
    "HealthcareService": Use.TAKEN,
    "ImagingStudy": Use.TAKEN,
    "Location": Use.TAKEN,
    "MeasureReport": Use.TAKEN,
    "Media": Use.TAKEN,
    "MolecularSequence": Use.TAKEN,
    "NamingSystem": Use.DESCRIBED,
    "Observation": Use.WRITTEN,
    "OperationDefinition": Use.DESCRIBED,
    "OperationOutcome": Use.TAKEN,
    "Organization": Use.WRITTEN,
    "Parameters": Use.TAKEN,
    "Patient": Use.WRITTEN,
    "Practitioner": Use.WRITTEN,
    "PractitionerRole": Use.WRITTEN,
    "Provenance": Use.READ,
    "RiskAssessment": Use.TAKEN,
    "SearchParameter": Use.DESCRIBED,
    "ServiceRequest": Use.GUARDED,
    "Specimen": Use.TAKEN,
    "StructureDefinition": Use.DESCRIBED,
    "Subscription": Use.WRITTEN,
    "Task": Use.GUARDED,
    "ValueSet": Use.DESCRIBED,
}
