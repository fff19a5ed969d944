"""The directory: PractitionerRole with its Practitioner and Organization -> Specialist (IHE mCSD)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from server.fhir.evidence import codings
from server.fhir.identity import Look, named, once, organisation, person
from server.fhir.parse import parse
from server.fhir.references import normal
from server.fhir.spans import span
from server.fhir.terms import SR
from server.fhir.times import moment
from server.model import Absence, Specialist
from server.ports import Resource, Stored

TURNAROUND = f"{SR}/StructureDefinition/turnaround"
"""Extension on PractitionerRole: valueDuration in hours, how long this reader usually needs."""

_HOURS: Mapping[str, float] = {"h": 1, "min": 1 / 60, "d": 24}
_LONGEST_HOURS = 24 * 365
"""A turnaround beyond this, or none at all, says nothing about a reader."""


def specialists(
    roles: Iterable[Stored], look: Look, open_offers: Mapping[str, int]
) -> tuple[Specialist, ...]:
    """Everyone in the directory, fit or not: the matching says who is not, and why."""
    look = once(look)
    return tuple(_specialist(parse(role.body), look, open_offers) for role in roles)


def _specialist(role: Resource, look: Look, open_offers: Mapping[str, int]) -> Specialist:
    key = f"PractitionerRole/{role['id']}"
    practitioner = normal(role.get("practitioner", {}).get("reference", ""))
    practising = _resource(practitioner, look)
    place = normal(role.get("organization", {}).get("reference", ""))
    serves = _period(role.get("period", {}))
    return Specialist(
        role=key,
        practitioner=practitioner,
        organisation=place,
        name=_name(practising),
        active=role.get("active", True) and practising.get("active", True),
        specialties=tuple(coding for concept in role.get("specialty", []) for coding in codings(concept)),
        absences=tuple(_period(each.get("during", {})) for each in role.get("notAvailable", [])),
        turnaround=_turnaround(role),
        open_offers=open_offers.get(key, 0),
        known_as=named(role) | person([role.get("practitioner", {})], look),
        homes=organisation([role.get("organization", {})], look),
        organisation_active=_resource(place, look).get("active", True),
        since=serves.start,
        until=serves.end,
    )


def _resource(reference: str, look: Look) -> Resource:
    kind, _, id_ = reference.partition("/")
    stored = look(kind, id_) if id_ else None
    return {} if stored is None else parse(stored.body)


def _name(person: Resource) -> str:
    for name in person.get("name", []):
        if text := name.get("text") or " ".join([*name.get("given", []), name.get("family", "")]).strip():
            return str(text)
    return ""


def _period(period: Resource) -> Absence:
    """A Period; an end that is a date lasts to the end of that day (R4 datatypes.html#Period), in UTC."""
    return Absence(_edge(period.get("start"), 0), _edge(period.get("end"), 1))


def _edge(text: str | None, side: int) -> datetime | None:
    covered = None if text is None else span(text)
    if text is None or covered is None:
        return None
    return moment(text) or covered[side]


def _turnaround(role: Resource) -> timedelta | None:
    for extension in role.get("extension", []):
        duration = extension.get("valueDuration", {})
        if extension.get("url") == TURNAROUND and duration.get("code") in _HOURS and "value" in duration:
            hours = float(duration["value"]) * _HOURS[duration["code"]]
            return timedelta(hours=hours) if 0 < hours <= _LONGEST_HOURS else None
    return None
