"""Whether a text is a value of a data type (HL7 v2.8 section 2.A). Each check is linear in its text."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

Check = Callable[[str], bool]

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
_COMPARED = re.compile(r"(?:<|>|<=|>=)?[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
_WHOLE = re.compile(r"\d{1,10}", re.ASCII)
_OFFSET = r"(?P<offset>[+-](?:0\d|1[0-4])[0-5]\d)?"
_TIME = r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?)?"
_DAY = r"(?P<year>\d{4})(?:(?P<month>\d\d)(?:(?P<day>\d\d)"
_MOMENT = re.compile(rf"{_DAY}(?:{_TIME})?)?)?{_OFFSET}", re.ASCII)
_DATE = re.compile(rf"{_DAY})?)?", re.ASCII)
_CLOCK = re.compile(rf"{_TIME}{_OFFSET}", re.ASCII)
_UID = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+", re.ASCII)


def number(text: str) -> bool:
    """NM: a point for the fraction, and nothing between digits (section 2.A.46)."""
    return _NUMBER.fullmatch(text) is not None


def compared(text: str) -> bool:
    """NM as laboratories send it: with a comparator before it, which SN would be for."""
    return _COMPARED.fullmatch(text) is not None


def sequence_id(text: str) -> bool:
    """SI."""
    return _WHOLE.fullmatch(text) is not None


def day(text: str) -> bool:
    """DT: YYYY[MM[DD]], a day that there was or will be."""
    return _exists(_DATE.fullmatch(text))


def moment(text: str) -> bool:
    """TS and DTM: YYYY[MM[DD[HH[MM[SS[.S]]]]]][+/-ZZZZ]."""
    return _exists(_MOMENT.fullmatch(text))


def clock(text: str) -> bool:
    """TM."""
    return _CLOCK.fullmatch(text) is not None


def uid(text: str) -> bool:
    """A DICOM UID (PS3.5 section 9.1)."""
    return len(text) <= 64 and _UID.fullmatch(text) is not None


def _exists(found: re.Match[str] | None) -> bool:
    if found is None:
        return False
    try:
        date(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1))
    except ValueError:
        return False
    return True


CHECKS: dict[str, Check] = {
    "NM": number,
    "SI": sequence_id,
    "DT": day,
    "TM": clock,
    "TS": moment,
    "DTM": moment,
}
FORMS = {
    "NM": "a number with a point and no other characters",
    "SI": "a whole number",
    "DT": "a date of the calendar as YYYYMMDD, or shorter",
    "TM": "a time as HHMMSS, or shorter",
    "TS": "a time of the calendar as YYYYMMDDHHMMSS with or without an offset, or shorter",
    "DTM": "a time of the calendar as YYYYMMDDHHMMSS with or without an offset, or shorter",
}
