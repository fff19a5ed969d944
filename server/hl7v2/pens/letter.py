"""What every message of ours begins with: to whom, about whom, upon which order."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from server.hl7v2.pens.characters import declared
from server.hl7v2.pens.er7 import header, joined, parts, repeated, segment, subparts, text
from server.model import AckMode, AssignedBy, Hl7Terms

Json = Mapping[str, Any]

_SEX = {"male": "M", "female": "F", "other": "O", "unknown": "U"}
OURS = "https://second-reader.example/fhir/patient"
"""System of our own number of a patient who has no other (PID-3 is required)."""
_NOT_TOLD = ("old", "secondary")
"""Numbers that were merged away, and such as do not identify (R4 identifier-use)."""
_FIRST = {"official": 0, "old": 2, "maiden": 2, "anonymous": 2}
"""R4 name-use: which name a person goes by."""
_OTHER_IDS = {"urn:oid:": "ISO", "urn:uuid:": "UUID"}


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, before it says anything."""

    terms: Hl7Terms
    at: datetime
    control: str
    """MSH-10."""
    patient: Json
    """The Patient resource."""
    placer: Json
    """{system, value}: by which number the receiver knows the order."""

    def since(self, version: str) -> bool:
        """Whether the receiver's version is this one or a later one."""
        return _numbers(self.terms.version) >= _numbers(version)

    def ours(self, number: str) -> str:
        """EI: a number of our own."""
        return parts(number, self.terms.sender[0])


def number(minted: uuid.UUID) -> str:
    """A minted identifier in 18 characters, for MSH-10 has 20 before 2.7: its first 80 bits in base 32."""
    return "SR" + base64.b32encode(minted.bytes[:10]).decode("ascii")


def moment(value: datetime) -> str:
    """TS or DTM, in UTC, and saying so."""
    return value.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")


def write_header(letter: Letter, code: str, event: str, structure: str) -> str:
    """MSH. MSH-15 and MSH-16 are both empty (original mode) or both given (section 2.9.2)."""
    terms, enhanced = letter.terms, letter.terms.mode is AckMode.ENHANCED
    answers = ("AL", "AL" if terms.application_answer else "NE") if enhanced else ("", "")
    return header(
        {
            3: text(terms.sender[0]), 4: text(terms.sender[1]),
            5: text(terms.receiver[0]), 6: text(terms.receiver[1]),
            7: moment(letter.at),
            9: parts(code, event, structure),
            10: text(letter.control),
            11: terms.processing,
            12: terms.version,
            15: answers[0], 16: answers[1],
            18: declared(terms.character_set),
        }
    )  # fmt: skip


def write_patient(letter: Letter) -> str:
    """PID: only what identifies."""
    patient = letter.patient
    return segment(
        "PID",
        {
            1: "1",
            3: repeated(_identifiers(letter)),
            5: person_name(patient) or "^^^^^^U",  # required; U: nothing is said (table 0200)
            7: str(patient.get("birthDate", "")).replace("-", ""),
            8: _SEX.get(str(patient.get("gender", "")), ""),
        },
    )


def authority(terms: Hl7Terms, system: str) -> tuple[str, str, str]:
    """HD of an identifier system; one that nobody has told us of is its own name (table 0301)."""
    for each in terms.authorities:
        if each.system == system:
            return _hd(each)
    for begins, kind in _OTHER_IDS.items():
        if system.startswith(begins):
            return "", system.removeprefix(begins), kind
    return "", system, "URI"


def entity(terms: Hl7Terms, named: Json) -> str:
    """EI of an identifier."""
    return parts(str(named["value"]), *authority(terms, str(named["system"])))


def person_name(resource: Json) -> str:
    """XPN of a Patient or Practitioner; empty without a name."""
    name = _name(resource)
    if not name:
        return ""
    family, given, more = _family_and_given(name)
    return parts(family, given, more, *_around(name), "", "L" if name.get("use") == "official" else "")


def clinician(terms: Hl7Terms, resource: Json, words: str) -> tuple[str, ...]:
    """Number, family name, given names, suffix and prefix, as XCN and CNN begin; not escaped."""
    known = [each for each in resource.get("identifier", []) if each.get("system") and each.get("value")]
    mapped = {each.system for each in terms.authorities}
    chosen = next((each for each in known if each["system"] in mapped), None)
    name = _name(resource) or {"text": words}
    family, given, more = _family_and_given(name)
    return (str(chosen["value"]) if chosen else "", family, given, more, *_around(name))


def _identifiers(letter: Letter) -> list[str]:
    """Those of systems that the receiver knows; of others one, so that what it is asked about is not lost.

    It will hardly know that one, and its refusal is a person's to see; the rest is no business of its.
    """
    named = letter.patient.get("identifier", [])
    usable = [e for e in named if e.get("system") and e.get("value") and e.get("use") not in _NOT_TOLD]
    mapped = {each.system for each in letter.terms.authorities}
    known = [each for each in usable if each["system"] in mapped]
    ours = {"system": OURS, "value": str(letter.patient.get("id", "")) or letter.control}
    return [_extended(letter.terms, each) for each in known or usable[:1] or [ours]]


def _extended(terms: Hl7Terms, named: Json) -> str:
    """CX; what kind of number it is says table 0203, PI where nobody does."""
    kinds = [each.get("code", "") for each in named.get("type", {}).get("coding", [])]
    by = subparts(*authority(terms, str(named["system"])))
    return joined(text(str(named["value"])), "", "", by, text(next(iter(kinds), "") or "PI"))


def _name(resource: Json) -> Json:
    names = resource.get("name") or []
    chosen = sorted(names, key=lambda each: _FIRST.get(str(each.get("use", "")), 1))
    return chosen[0] if chosen else {}


def _family_and_given(name: Json) -> tuple[str, str, str]:
    given = [str(each) for each in name.get("given", []) if each]
    family = str(name.get("family", "")) or ("" if given else str(name.get("text", "")))
    return family, given[0] if given else "", " ".join(given[1:])


def _around(name: Json) -> tuple[str, str]:
    suffix, prefix = (" ".join(name.get(each, [])) for each in ("suffix", "prefix"))
    return suffix, prefix


def _hd(each: AssignedBy) -> tuple[str, str, str]:
    return each.namespace, each.universal_id, each.universal_id_type


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in version.split("."))
