"""XTN (HL7 v2.8 section 2A.3.89) as ContactPoint."""

from __future__ import annotations

from collections.abc import Callable

from server.hl7v2.mapping.concepts.people import CONTACT_SYSTEM, CONTACT_USE
from server.hl7v2.mapping.convert import numbers, times
from server.hl7v2.mapping.convert.text import clean, string, token
from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import Row, Table, fill, parts
from server.hl7v2.message import Repetition, Segment

_BY_MAIL = ("Internet", "X.400")


def _mailed(value: Segment) -> bool:
    return value.text(3) in _BY_MAIL or (not value.text(3) and bool(value.text(4)))


def _dialled(value: Segment) -> bool:
    return not _mailed(value)


def _formatted(value: Segment) -> bool:
    return _dialled(value) and not (value.text(7) or value.text(12))


def _system(value: Repetition, _making: Making, _where: str) -> str | None:
    return CONTACT_SYSTEM.get(token(value.text()))


def _use(value: Repetition, _making: Making, _where: str) -> str | None:
    return CONTACT_USE.get(token(value.text()))


XTN: Table = (
    Row("XTN.1", "value", string, when=_formatted),
    Row("XTN.2", "use", _use, "ID[Code]"),
    Row("XTN.3", "system", _system, "ID[Code]"),
    Row("XTN.4", "value", string, when=_mailed),
    Row("XTN.5", "extension{contactpoint-country}.valueString", string),
    Row("XTN.6", "extension{contactpoint-area}.valueString", string),
    Row("XTN.7", "extension{contactpoint-local}.valueString", string, when=_dialled),
    Row("XTN.8", "extension{contactpoint-extension}.valueString", string),
    Row("XTN.12", "value", string, when=_dialled),
    Row("XTN.13", "period.start", times.date_time, "DTM[DateTime]"),
    Row("XTN.14", "period.end", times.date_time, "DTM[DateTime]"),
    Row("XTN.18", "rank", numbers.positive, "NM[PositiveInt]"),
)


def contact(use: str = "") -> Callable[[Repetition, Making, str], Json | None]:
    """``use`` where the value does not say one; a value must have a system (R4 ContactPoint, cpt-2)."""

    def convert(value: Repetition, making: Making, where: str) -> Json | None:
        said = parts(value, "XTN")
        found = fill(XTN, said, making, where)
        if "value" not in found and (composed := _composed(said)):
            found["value"] = composed
        if "value" not in found:
            return None
        if token(said.text(3)) == "CP":
            found["use"] = "mobile"
        elif use and not said.text(2):
            found.setdefault("use", use)
        found.setdefault(
            "system", "email" if _mailed(said) else "phone" if _dialable(found["value"]) else "other"
        )
        return found

    return convert


def _dialable(number: str) -> bool:
    return any(each.isdigit() for each in number)


def _composed(said: Segment) -> str:
    """XTN.5 to 8: country, area, number, extension."""
    country, area, number, extension = (clean(said.text(at)) for at in (5, 6, 7, 8))
    if not number or _mailed(said):
        return ""
    pieces = [f"+{country}" if country else "", area, number, f"X{extension}" if extension else ""]
    return " ".join(each for each in pieces if each)
