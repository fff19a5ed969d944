"""What a patient needs of a specialist: a language, and a licence where they live."""

from __future__ import annotations

from datetime import datetime

from server.fhir.periods import period
from server.fhir.qualifications import places_of
from server.model import Needs
from server.ports import Resource

_USES = ("temp", "home", "")
"""Where somebody is now before where they are at home; neither work nor what is old says where they live."""


def needs(patient: Resource, now: datetime) -> Needs:
    """Patient.communication, what is preferred if anything is; Patient.address, the first that counts now."""
    spoken = patient.get("communication", [])
    wanted = [each for each in spoken if each.get("preferred")] or spoken
    return Needs(tuple(code for each in wanted for code in tongues(each["language"])), _lives(patient, now))


def tongues(concept: Resource) -> list[str]:
    """The BCP 47 codes of a CodeableConcept, in small letters; R4 binds both elements to them."""
    coded = concept.get("coding", [])
    return [
        str(each["code"]).lower()
        for each in coded
        if each.get("code") and each.get("system", _BCP47) == _BCP47
    ]


_BCP47 = "urn:ietf:bcp:47"


def _lives(patient: Resource, now: datetime) -> frozenset[str]:
    for use in _USES:
        for address in patient.get("address", []):
            during = period(address.get("period", {}))
            over = during.end is not None and during.end <= now
            begun = during.start is None or during.start <= now
            counts = address.get("use", "") == use and address.get("type") != "postal"
            if counts and begun and not over and (places := places_of(address)):
                return places
    return frozenset()
