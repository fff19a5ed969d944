"""CX, EI, EIP, HD (HL7 v2.8 2A.3.14, 2A.3.19, 2A.3.20, 2A.3.33) as Identifiers and their systems."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from server.hl7v2.mapping import own
from server.hl7v2.mapping.convert import times
from server.hl7v2.mapping.convert.text import clean, token
from server.hl7v2.mapping.drafts import Identifiers, Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import EXTENSION, parts
from server.hl7v2.message import Repetition

TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
NPI = "http://hl7.org/fhir/sid/us-npi"
_OID = re.compile(r"[0-2](\.(0|[1-9]\d*))+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Authority:
    """An HD as it was sent."""

    namespace: str
    universal_id: str
    type: str

    @property
    def said(self) -> bool:
        return bool(self.namespace or self.universal_id)


def authority(value: Repetition, first: int = 1) -> Authority:
    """From the component ``first`` on."""
    return Authority(*(clean(value.text(first + at)) for at in range(3)))


def known_system(hd: Authority, making: Making) -> str | None:
    """As the link says it, else what names itself worldwide (HD of type ISO, UUID, URI)."""
    if not hd.said:
        return None
    found = making.link.system_of(hd.namespace, hd.universal_id) or _universal(hd)
    mine = own.system(making.link.name) + "/"
    # What we name for one link is no other link's to speak of.
    return None if found and found.startswith(own.LINKS) and not found.startswith(mine) else found


def _universal(hd: Authority) -> str | None:
    kind, id_ = hd.type.upper(), hd.universal_id
    if kind == "ISO" and _OID.fullmatch(id_):
        return f"urn:oid:{id_}"
    if kind in ("UUID", "GUID"):
        try:
            return f"urn:uuid:{uuid.UUID(id_)}"
        except ValueError:
            return None
    return id_ if kind == "URI" and ":" in id_ and not re.search(r"\s", id_) else None


def identifier(system: str | None, value: str, type_: str = "") -> Json:
    kind = {"type": {"coding": [{"system": TYPES, "code": type_}]}} if type_ else {}
    return {**kind, **({"system": system} if system else {}), "value": value}


def pairs(identifiers: Iterable[Json]) -> Identifiers:
    """Those that say of what system they are: the others are the same nowhere."""
    found = [
        (each["system"], each["value"]) for each in identifiers if each.get("system") and each.get("value")
    ]
    return tuple(dict.fromkeys(found))


def entity(type_: str, default: Callable[[Making], str]) -> Callable[[Repetition, Making, str], Json | None]:
    """EI as an identifier of ``type_`` (table 0203), of ``default`` where no authority is said."""

    def convert(value: Repetition, making: Making, where: str) -> Json | None:
        number = clean(value.text())
        if not number:
            return None
        hd = authority(value, 2)
        system = known_system(hd, making)
        if system is None and hd.said:
            making.note("assigning authority not known", where)
            system = own.system(making.link.name, "authority", hd.namespace or hd.universal_id)
        return identifier(system or default(making), number, type_)

    return convert


def part_of(
    at: int, type_: str, default: Callable[[Making], str]
) -> Callable[[Repetition, Making, str], Json | None]:
    """EIP: the component ``at`` is an EI."""
    whole = entity(type_, default)
    return lambda value, making, where: whole(value.part(at), making, where)


def placer_system(making: Making) -> str:
    return making.link.order_system or own.system(making.link.name, "placer")


def filler_system(making: Making) -> str:
    return making.link.filler_system or own.system(making.link.name, "filler")


def accession_system(making: Making) -> str:
    return making.link.accession_system or own.system(making.link.name, "accession")


def provider_system(making: Making) -> str:
    return making.link.provider_system or own.system(making.link.name, "provider")


def visit_system(making: Making) -> str:
    return own.system(making.link.name, "visit")


def group_system(making: Making) -> str:
    return own.system(making.link.name, "group")


def result_system(making: Making) -> str:
    return own.system(making.link.name, "result")


def specimen_system(making: Making) -> str:
    return own.system(making.link.name, "specimen")


def document_system(making: Making) -> str:
    return own.system(making.link.name, "document")


def extended(
    default: Callable[[Making], str], type_: str = ""
) -> Callable[[Repetition, Making, str], Json | None]:
    """CX with check digit, type, period; a namespace that is not known gets a system of the link's."""

    def convert(value: Repetition, making: Making, where: str) -> Json | None:
        number = clean(value.text())
        if not number:
            return None
        hd = authority(value.part(4))
        system = known_system(hd, making)
        if system is None and hd.said:
            making.note("assigning authority not known", where)
            name = hd.namespace or hd.universal_id
            system = own.system(making.link.name, "authority", name)
        kind = type_ or token(value.text(5))
        return {
            **identifier(system or default(making) or None, number, kind),
            **_beside(value, making, where),
        }

    return convert


def _beside(value: Repetition, making: Making, where: str) -> Json:
    urls = {2: f"{EXTENSION}identifier-checkDigit", 3: f"{EXTENSION}namingsystem-checkDigit"}
    digits = [
        {"url": url, "valueString": clean(value.text(at))}
        for at, url in urls.items()
        if clean(value.text(at))
    ]
    inside = parts(value, "CX")
    ends = {
        "start": times.date_time(inside.first(7), making, where),
        "end": times.date_time(inside.first(8), making, where),
    }
    lasting = {key: end for key, end in ends.items() if end}
    return {**({"extension": digits} if digits else {}), **({"period": lasting} if lasting else {})}
