"""XCN, CNN, NDL, XON (HL7 v2.8 sections 2A.3.84, 2A.3.11, 2A.3.44, 2A.3.85): who, as references to drafts.

A person is known by a number. A name alone is nobody's identity: it becomes the display of a reference.
"""

from __future__ import annotations

from server.hl7v2.mapping import own
from server.hl7v2.mapping.convert import names
from server.hl7v2.mapping.convert.identifiers import (
    NPI,
    Authority,
    authority,
    identifier,
    known_system,
    pairs,
    provider_system,
)
from server.hl7v2.mapping.convert.text import clean, token
from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.message import Repetition


def practitioner(value: Repetition, making: Making, where: str) -> Json | None:
    """XCN."""
    return _person(value, authority(value.part(9)), token(value.text(13)), making, where)


def reader(value: Repetition, making: Making, where: str) -> Json | None:
    """NDL of OBR-32 and the like: a CNN in subcomponents; many send an XCN in its place."""
    inside = value.part(1)
    if len(inside.components) > 1:
        return _person(inside, authority(inside, 9), "", making, where)
    if any(value.text(at) and not value.text(at)[:8].isdigit() for at in (2, 3)):
        making.note("XCN where an NDL belongs", where)
        return practitioner(value, making, where)
    return _person(inside, Authority("", "", ""), "", making, where)


def _person(value: Repetition, hd: Authority, type_: str, making: Making, where: str) -> Json | None:
    number = clean(value.text(1))
    name = names.provider_name(value, making, where)
    shown = names.shown(name) if name else ""
    if not number:
        if shown:
            making.note("person without a number", where)
        return {"type": "Practitioner", "display": shown} if shown else None
    system = NPI if type_ == "NPI" else known_system(hd, making) or provider_system(making)
    known = identifier(system, number, type_)
    resource: Json = {
        "resourceType": "Practitioner",
        "identifier": [known],
        **({"name": [name]} if name else {}),
    }
    if degree := clean(value.text(7)):
        resource["qualification"] = [{"code": {"text": degree}}]
    reference = making.once("practitioner", "Practitioner", resource, pairs([known]))
    return {**reference, **({"display": shown} if shown else {})}


def organization(value: Repetition, making: Making, _where: str) -> Json | None:
    """XON; of one that has only a name, the name is its number at this sender."""
    name, number = clean(value.text(1)), clean(value.text(10)) or clean(value.text(3))
    if not (name or number):
        return None
    hd = authority(value.part(6))
    here = own.system(making.link.name, "organization")
    kind = token(value.text(7))
    known = identifier(known_system(hd, making) or here, number, kind) if number else identifier(here, name)
    return _organized(known, name, making)


def facility(value: Repetition, making: Making) -> Json | None:
    """HD: the facility that sends (MSH-4) or reads (NDL.7)."""
    hd = authority(value)
    if not hd.said:
        return None
    if hd.universal_id and hd.type.upper() == "ISO":
        known = identifier("urn:ietf:rfc:3986", f"urn:oid:{hd.universal_id}")
    else:
        known = identifier(own.system(making.link.name, "facility"), hd.namespace or hd.universal_id)
    return _organized(known, hd.namespace, making)


def _organized(known: Json, name: str, making: Making) -> Json:
    resource: Json = {
        "resourceType": "Organization",
        "identifier": [known],
        **({"name": name} if name else {}),
    }
    reference = making.once("organization", "Organization", resource, pairs([known]))
    return {**reference, **({"display": name} if name else {})}


def role(person: Json, home: Json | None, making: Making) -> Json:
    """Who acts for whom; the person alone where no organisation is known."""
    if home is None or "reference" not in person:
        return person
    who, where = (making.draft(each["reference"].partition(":")[2]).identifiers for each in (person, home))
    value = own.minted(*(text for pair in (*who, *where) for text in pair))
    known = identifier(own.system(making.link.name, "role"), value)
    resource: Json = {"resourceType": "PractitionerRole", "identifier": [known], "practitioner": person}
    resource["organization"] = home
    reference = making.once("role", "PractitionerRole", resource, pairs([known]))
    return {**reference, **({"display": person["display"]} if "display" in person else {})}
