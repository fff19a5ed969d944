"""Whom a resource is about."""

from __future__ import annotations

from server.fhir.references import normal
from server.ports import Resource


def patient_of(resource: Resource) -> str | None:
    """``Patient/id`` whom a resource is about, when it says so with a local reference."""
    if resource["resourceType"] == "Patient":
        return f"Patient/{resource['id']}"
    about = resource.get("for") or resource.get("subject") or resource.get("patient") or {}
    target = normal(about.get("reference", ""))
    return target if target.startswith("Patient/") else None
