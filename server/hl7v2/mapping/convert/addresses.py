"""XAD and SAD (HL7 v2.8 sections 2A.3.83, 2A.3.66) as Address."""

from __future__ import annotations

from server.hl7v2.mapping.concepts.people import ADDRESS_TYPE, ADDRESS_USE
from server.hl7v2.mapping.convert import times
from server.hl7v2.mapping.convert.text import clean, string, token
from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import Row, Table, fill, parts
from server.hl7v2.message import Repetition, Segment


def _type(value: Repetition, _making: Making, _where: str) -> str | None:
    return ADDRESS_TYPE.get(token(value.text()))


def _use(value: Repetition, _making: Making, _where: str) -> str | None:
    """Codes of table 0190 that are neither a use nor a type (``L``, ``P``) say nothing that we need."""
    return ADDRESS_USE.get(token(value.text()))


def district(value: Repetition, making: Making, where: str) -> str | None:
    """A CWE as a string."""
    return clean(value.text(9)) or clean(value.text(2)) or string(value, making, where)


def _no_dates(value: Segment) -> bool:
    return not (value.text(13) or value.text(14))


SAD: Table = (
    Row("SAD.1", "line+", string),
    Row("SAD.2", "line+", string),
    Row("SAD.3", "line+", string),
)


def street(value: Repetition, making: Making, where: str) -> Json | None:
    return fill(SAD, parts(value, "SAD"), making, where) or None


XAD: Table = (
    Row("XAD.1", "*", street, "SAD[Address]"),
    Row("XAD.2", "line+", string),
    Row("XAD.3", "city", string),
    Row("XAD.4", "state", string),
    Row("XAD.5", "postalCode", string),
    Row("XAD.6", "country", string),
    Row("XAD.7", "type", _type),
    Row("XAD.7", "use", _use),
    Row("XAD.9", "district", district, "CWE[string]"),
    Row("XAD.12", "period", times.period, "DR[Period]", when=_no_dates),
    Row("XAD.13", "period.start", times.date_time),
    Row("XAD.14", "period.end", times.date_time),
    Row("XAD.19", "line+", string),
)


def address(value: Repetition, making: Making, where: str) -> Json | None:
    found = fill(XAD, parts(value, "XAD"), making, where)
    return found if set(found) - {"type", "use", "period"} else None
