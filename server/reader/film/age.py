"""How old a patient was when a film was taken, as far as it is stated. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from pydicom.dataset import Dataset

from server.model import Span

_YEAR = Decimal("365.25")
_DAYS = {"D": Decimal(1), "W": Decimal(7), "M": _YEAR / 12, "Y": _YEAR}
_STEP = Decimal("0.001")


def ages(header: Dataset, born: date | None) -> Iterator[Span]:
    """Each statement of the age in years, from its lowest to its highest meaning: 004Y is 4 to 4.999.

    Patient's Age, Patient's Birth Date and ``born`` (what the case says) count alike.
    """
    if stated := _stated(_text(header, "PatientAge")):
        yield stated
    taken = _day(_text(header, "AcquisitionDate")) or _day(_text(header, "StudyDate"))
    for day in (_day(_text(header, "PatientBirthDate")), born):
        if day and taken:
            years = (Decimal((taken - day).days) / _YEAR).quantize(_STEP)
            yield Span(years, years)


def within(allowed: Span, known: list[Span]) -> bool:
    """All that is known lies inside."""
    return all(allowed.holds(each.low) and allowed.holds(each.high) for each in known)


def _stated(text: str) -> Span | None:
    """AS (PS3.5 section 6.2): three digits and D, W, M or Y. 000 is how some write unknown.

    Fewer digits and small letters are against the standard, and clear: an adult's 45Y is not to count as
    nothing.
    """
    found = re.fullmatch(r"(\d{1,3})([DWMY])", text.upper())
    if found is None or (int(found[1]) == 0 and found[2] in "MY"):
        return None
    days, count = _DAYS[found[2]], int(found[1])
    low, high = (each * days / _YEAR for each in (count, count + 1))
    return Span(low.quantize(_STEP), high.quantize(_STEP) - _STEP)


def _day(text: str) -> date | None:
    found = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def _text(header: Dataset, keyword: str) -> str:
    return str(header.get(keyword) or "").strip()
