"""RF1 and PRD: a referral is an order to a provider (HL7 v2.8 sections 11.8.1, 11.8.3)."""

from __future__ import annotations

from server.hl7v2.mapping.convert import addresses, codes, contacts, names, people
from server.hl7v2.mapping.convert.identifiers import (
    authority,
    identifier,
    known_system,
    pairs,
    provider_system,
)
from server.hl7v2.mapping.convert.text import clean, token
from server.hl7v2.mapping.drafts import Draft, Json
from server.hl7v2.mapping.layout import Sheet
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import fill
from server.hl7v2.mapping.tables.order import OWNED
from server.hl7v2.mapping.tables.referral import RF1
from server.hl7v2.message import Segment

_REFERRAL = {
    "coding": [{"system": "http://snomed.info/sct", "code": "3457005", "display": "Patient referral"}]
}
_STATUS = {"A": "active", "P": "active", "R": "revoked", "E": "revoked"}
"""Table 0283: accepted, pending, rejected, expired."""
_CANCELLED = "I14"
_REFERRER, _REFERRED_TO = ("RP",), ("RT", "CP", "SP")
"""PRD-1, table 0286: who refers; to whom."""


def referral(sheet: Sheet, code: Json | None, subject: Json, event: str, making: Making) -> Draft:
    """``code``: what is asked for, from the first OBR that is no result."""
    rf1 = sheet.referral
    found = {} if rf1 is None else fill(RF1, rf1, making)
    status = (
        "revoked" if event == _CANCELLED else _STATUS.get("" if rf1 is None else token(rf1.text(1)), "active")
    )
    whole: Json = {
        "resourceType": "ServiceRequest",
        **found,
        "status": status,
        "intent": "order",
        "subject": subject,
    }
    whole["category"] = [_REFERRAL, *whole.get("category", [])]
    if code is not None:
        whole["code"] = code
    elif "orderDetail" in whole:  # R4 ServiceRequest, prr-1: no detail without a code
        (whole["code"],) = whole.pop("orderDetail")
    for each in sheet.providers:
        roles = {token(one.text()) for one in each.repetitions(1)}
        if (
            roles & set(_REFERRER)
            and "requester" not in whole
            and (who := _provider(each, making)) is not None
        ):
            whole["requester"] = who
        elif roles & set(_REFERRED_TO) and (who := _provider(each, making)) is not None:
            whole.setdefault("performer", []).append(who)
    return Draft("order-1", "ServiceRequest", whole, pairs(found.get("identifier", [])), (), OWNED)


def _provider(prd: Segment, making: Making) -> Json | None:
    """PRD-7 has the number (PLN, or CX from 2.7.1 on); a name alone is a display."""
    said = prd.first(7)
    number, name = clean(said.text(1)), names.name(prd.first(2), making, "PRD-2")
    shown = names.shown(name) if name else ""
    if not number:
        return {"type": "Practitioner", "display": shown} if shown else None
    system = known_system(authority(said.part(4)), making) or provider_system(making)
    kind = token(said.text(5)) or token(said.text(2))
    known = identifier(system, number, kind)
    whole: Json = {"resourceType": "Practitioner", "identifier": [known]}
    if name:
        whole["name"] = [name]
    for element, field, convert in (
        ("address", 3, addresses.address),
        ("telecom", 5, contacts.contact("work")),
    ):
        if found := [
            each for each in (convert(v, making, f"PRD-{field}") for v in prd.repetitions(field)) if each
        ]:
            whole[element] = found
    reference = making.once("practitioner", "Practitioner", whole, pairs([known]))
    person = {**reference, **({"display": shown} if shown else {})}
    home = (
        people.organization(prd.first(10), making, "PRD-10") if prd.first(4).empty else _located(prd, making)
    )
    return people.role(person, home, making)


def _located(prd: Segment, making: Making) -> Json | None:
    """PRD-4, a PL: its facility."""
    return people.facility(prd.first(4).part(4), making)


def asked(said: Segment, making: Making) -> Json | None:
    return codes.concept(said.first(4), making, "OBR-4")
