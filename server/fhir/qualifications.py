"""What a Practitioner is qualified for, from when until when, and where it is a licence.

R4's Practitioner.qualification has identifier, code, period and issuer, and no place. Da Vinci Plan-Net adds
status and whereValid by its extension practitioner-qualification, bound to the states of the USA; elsewhere
``LICENCE_PLACE`` says it by ISO 3166. Where a role works (PractitionerRole.location) is no licence.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.fhir.evidence import codings
from server.fhir.identity import Look, resource_of
from server.fhir.periods import period
from server.fhir.terms import SR
from server.model import Qualification
from server.ports import Resource

PLAN_NET = "http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/practitioner-qualification"
LICENCE_PLACE = f"{SR}/StructureDefinition/licence-place"
"""Extension on Practitioner.qualification, as often as needed: valueCoding, a country or a part of one."""
COUNTRIES, PARTS = "urn:iso:std:iso:3166", "urn:iso:std:iso:3166:-2"
_STATES = "https://www.usps.com/"


def qualifications(practitioner: Resource, look: Look) -> tuple[Qualification, ...]:
    """Those that stand: Plan-Net's status, where it is given, is active."""
    return tuple(
        Qualification(
            codings(each.get("code", {})), period(each.get("period", {})), frozenset(_places(each, look))
        )
        for each in practitioner.get("qualification", [])
        if _stands(each)
    )


def places_of(address: Resource) -> frozenset[str]:
    """Country and part of an Address, where both are written as ISO 3166 has them."""
    country, state = (str(address.get(name, "")).strip().upper() for name in ("country", "state"))
    if not (country.isascii() and country.isalpha() and len(country) in (2, 3)):
        return frozenset()
    part = state.removeprefix(f"{country}-")
    if part.isascii() and part.isalnum() and len(part) <= 3:
        return frozenset({country, f"{country}-{part}"})
    return frozenset({country})


def _stands(qualification: Resource) -> bool:
    said = extensions(qualification, PLAN_NET)
    states = [part.get("valueCode") for each in said for part in extensions(each, "status")]
    return all(state == "active" for state in states)


def _places(qualification: Resource, look: Look) -> Iterator[str]:
    for each in extensions(qualification, LICENCE_PLACE):
        yield from _named([each.get("valueCoding", {})])
    for said in extensions(qualification, PLAN_NET):
        for each in extensions(said, "whereValid"):
            yield from _named(each.get("valueCodeableConcept", {}).get("coding", []))
            location = resource_of(each.get("valueReference", {}), look)
            address = location.get("address", {})
            # A licence for a part of a country is none for the whole of it.
            yield from sorted(places_of(address), key=len)[-1:]


def _named(coded: list[Resource]) -> Iterator[str]:
    for each in coded:
        code = str(each.get("code", "")).upper()
        if each.get("system") == _STATES and code:
            yield f"US-{code}"
        elif each.get("system") in (COUNTRIES, PARTS) and code:
            yield code


def extensions(element: Resource, url: str) -> Iterator[Resource]:
    """Those of this url."""
    return (each for each in element.get("extension", []) if each.get("url") == url)
