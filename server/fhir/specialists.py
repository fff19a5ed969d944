"""The directory: PractitionerRole with what it refers to -> Specialist (IHE mCSD, ITI-90).

What mCSD and R4 have no element for stands in extensions of PractitionerRole: how long somebody needs, to
whom they report, what is known of their work.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from server.fhir.evidence import codings
from server.fhir.identity import Look, named, organisation, person, resource_of
from server.fhir.needs import tongues
from server.fhir.periods import period
from server.fhir.qualifications import extensions, qualifications
from server.fhir.references import normal
from server.fhir.terms import SR
from server.model import Renown, Specialist
from server.ports import Resource

TYPES = ("PractitionerRole", "Practitioner", "Organization", "HealthcareService", "Location")
"""What the directory is made of."""
TURNAROUND = f"{SR}/StructureDefinition/turnaround"
"""valueDuration in hours, how long this reader usually needs."""
REPORTS_TO = f"{SR}/StructureDefinition/reports-to"
"""valueReference to a Practitioner or PractitionerRole, as often as needed; or valueCode ``nobody``."""
NOBODY = "nobody"
TRACK_RECORD = f"{SR}/StructureDefinition/track-record"
"""Of each question: ``question`` (valueCode), ``per-year``, ``adjudicated``, ``right`` (valueUnsignedInt)."""

_HOURS: Mapping[str, float] = {"h": 1, "min": 1 / 60, "d": 24}
_LONGEST_HOURS = 24 * 365
"""A turnaround beyond this, or none at all, says nothing about a reader."""


def specialist(role: Resource, look: Look) -> Specialist:
    """An entry of the directory, fit or not: the matching says who is not, and why."""
    doctor = role.get("practitioner", {})
    practising, place = resource_of(doctor, look), role.get("organization", {})
    services = [resource_of(each, look) for each in role.get("healthcareService", [])]
    serves, told = period(role.get("period", {})), list(extensions(role, REPORTS_TO))
    return Specialist(
        role=f"PractitionerRole/{role['id']}",
        practitioner=normal(doctor.get("reference", "")),
        organisation=normal(place.get("reference", "")),
        name=_name(practising),
        active=role.get("active", True) and practising.get("active", True),
        specialties=tuple(coding for concept in role.get("specialty", []) for coding in codings(concept)),
        absences=tuple(period(each.get("during", {})) for each in role.get("notAvailable", [])),
        turnaround=_turnaround(role),
        known_as=named(role) | person([doctor], look),
        homes=organisation([place], look),
        organisation_active=resource_of(place, look).get("active", True),
        since=serves.start,
        until=serves.end,
        qualifications=qualifications(practising, look),
        languages=_languages([practising]),
        service_languages=_languages(services),
        superiors=person([each["valueReference"] for each in told if "valueReference" in each], look),
        line_known=any("valueReference" in each or each.get("valueCode") == NOBODY for each in told),
        renown=_renown(role),
    )


def _languages(spoken: list[Resource]) -> frozenset[str]:
    return frozenset(
        code for each in spoken for concept in each.get("communication", []) for code in tongues(concept)
    )


def _name(person: Resource) -> str:
    for name in person.get("name", []):
        if text := name.get("text") or " ".join([*name.get("given", []), name.get("family", "")]).strip():
            return str(text)
    return ""


def _turnaround(role: Resource) -> timedelta | None:
    for extension in extensions(role, TURNAROUND):
        duration = extension.get("valueDuration", {})
        if duration.get("code") in _HOURS and "value" in duration:
            hours = float(duration["value"]) * _HOURS[duration["code"]]
            return timedelta(hours=hours) if 0 < hours <= _LONGEST_HOURS else None
    return None


def _renown(role: Resource) -> dict[str, Renown]:
    known = dict[str, Renown]()
    for record in extensions(role, TRACK_RECORD):
        parts = {each.get("url"): each for each in record.get("extension", [])}
        per_year, of, right = (
            int(parts.get(name, {}).get("valueUnsignedInt", 0))
            for name in ("per-year", "adjudicated", "right")
        )
        # More right than were looked at is a typing error, and praises nobody.
        known[str(parts.get("question", {}).get("valueCode", ""))] = Renown(per_year, min(right, of), of)
    return known
