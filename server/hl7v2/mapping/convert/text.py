"""ST, TX, FT, ID, IS as text (HL7 v2.8 sections 2A.3.75, 2A.3.78, 2A.3.31)."""

from __future__ import annotations

import re
import unicodedata

from server.hl7v2.mapping.making import Making
from server.hl7v2.message import Repetition

LONGEST = 2**20
"""Characters of a FHIR string (R4 datatypes.html#string)."""
# What FHIR strings may not hold (R4 datatypes.html#string; XML 1.0 section 2.2).
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """As FHIR may hold it, composed (NFC), with LF between lines."""
    plain = text if text.isascii() else unicodedata.normalize("NFC", text)
    return _FORBIDDEN.sub("", plain).replace("\r\n", "\n").replace("\r", "\n").strip()


def string(value: Repetition, making: Making, where: str) -> str | None:
    """The first component; lines are kept."""
    raw = value.text()
    found = clean(raw)
    if len(found) > LONGEST:
        making.note("longer than a FHIR string, left out", where)
        return None
    if raw and _FORBIDDEN.search(raw):
        making.note("control characters left out", where)
    return found or None


def whole(value: Repetition, making: Making, where: str) -> str | None:
    """All components as one text: an ST, TX or FT whose separators were not escaped."""
    components = ["&".join(each) for each in value.components]
    while components and not components[-1]:
        components.pop()
    if len(components) > 1:
        making.note("component separators taken as text", where)
    return string(Repetition((("^".join(components),),)), making, where)


def token(text: str) -> str:
    """As a FHIR code: single blanks inside, none around (R4 datatypes.html#code)."""
    return " ".join(clean(text).split())
