"""XPN, FN and the names in XCN and CNN (HL7 v2.8 2A.3.86, 2A.3.29, 2A.3.84, 2A.3.11) as HumanName."""

from __future__ import annotations

from server.hl7v2.mapping.concepts.people import NAME_USE
from server.hl7v2.mapping.convert import codes, times
from server.hl7v2.mapping.convert.text import clean, string
from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import Row, Table, fill, parts
from server.hl7v2.message import Repetition, Segment


def _no_dates(value: Segment) -> bool:
    return not (value.text(12) or value.text(13))


FN: Table = (
    Row("FN.1", "family", string),
    Row("FN.2", "_family.extension{humanname-own-prefix}.valueString", string),
    Row("FN.3", "_family.extension{humanname-own-name}.valueString", string),
    Row("FN.4", "_family.extension{humanname-partner-prefix}.valueString", string),
    Row("FN.5", "_family.extension{humanname-partner-name}.valueString", string),
)


def family(value: Repetition, making: Making, where: str) -> Json | None:
    return fill(FN, parts(value, "FN"), making, where) or None


XPN: Table = (
    Row("XPN.1", "*", family, "FN[HumanName]"),
    Row("XPN.2", "given+", string),
    Row("XPN.3", "given+", string),
    Row("XPN.4", "suffix+", string),
    Row("XPN.5", "prefix+", string),
    Row("XPN.6", "suffix+", string),
    Row("XPN.7", "use", codes.mapped(NAME_USE)),
    Row("XPN.10", "period", times.period, "DR[Period]", when=_no_dates),
    Row("XPN.12", "period.start", times.date_time),
    Row("XPN.13", "period.end", times.date_time),
    Row("XPN.14", "suffix+", string),
)
_CALLED = 15


def name(value: Repetition, making: Making, where: str) -> Json | None:
    """None of a name that says nothing but its use."""
    return _named(fill(XPN, parts(value, "XPN"), making, where))


def called_name(value: Repetition, making: Making, where: str) -> Json | None:
    """XPN.15, a nickname: a name of its own."""
    called = string(value.part(_CALLED), making, where)
    return {"use": "nickname", "given": [called]} if called else None


XCN: Table = (
    Row("XCN.2", "*", family, "FN[HumanName]"),
    Row("XCN.3", "given+", string),
    Row("XCN.4", "given+", string),
    Row("XCN.5", "suffix+", string),
    Row("XCN.6", "prefix+", string),
    Row("XCN.10", "use", codes.mapped(NAME_USE)),
    Row("XCN.19", "period.start", times.date_time),
    Row("XCN.20", "period.end", times.date_time),
    Row("XCN.21", "suffix+", string),
)


def provider_name(value: Repetition, making: Making, where: str) -> Json | None:
    """Of an XCN; a CNN begins with the same components."""
    return _named(fill(XCN, parts(value, "XCN"), making, where))


def _named(found: Json) -> Json | None:
    return found if {"family", "given", "text", "_family"} & set(found) else None


def shown(found: Json) -> str:
    """As a line for people."""
    words = [
        *found.get("prefix", []),
        *found.get("given", []),
        found.get("family", ""),
        *found.get("suffix", []),
    ]
    return clean(" ".join(each for each in words if each))
