"""The cells of the directory table that hold more than a plain text. ValueError: not allowed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from server.model import Absence, Coding

SNOMED = "http://snomed.info/sct"
"""System of the specialty codes (R4 value set c80-practice-codes)."""

_LONGEST_TURNAROUND = 8_760
"""Hours, a year; more is a typing error."""


def truth(cell: str) -> bool:
    """``true`` or ``false``, nothing looser: a wrong guess here would ask someone who left."""
    if cell not in ("true", "false"):
        raise ValueError("neither true nor false")
    return cell == "true"


def specialties(cell: str) -> tuple[Coding, ...]:
    """SNOMED CT concept ids (6 to 18 digits) separated by ``;``."""
    codes = [code.strip() for code in cell.split(";")]
    if not all(re.fullmatch("[1-9][0-9]{5,17}", code) for code in codes):
        raise ValueError("not a concept id")
    return tuple(Coding(SNOMED, code) for code in dict.fromkeys(codes))


def turnaround(cell: str) -> timedelta | None:
    """Hours as a decimal number; empty: not measured."""
    if not cell:
        return None
    hours = float(cell)
    if not 0 < hours <= _LONGEST_TURNAROUND:
        raise ValueError("not a usable number of hours")
    return timedelta(hours=hours)


def absences(cell: str) -> tuple[Absence, ...]:
    """Periods ``start/end`` separated by ``;``; either side may be open, not both."""
    return tuple(_period(part.strip()) for part in cell.split(";")) if cell else ()


def _period(part: str) -> Absence:
    start, end = (_moment(side) for side in part.split("/"))
    if (start is None and end is None) or (start is not None and end is not None and end <= start):
        raise ValueError("not a period")
    return Absence(start, end)


def _moment(side: str) -> datetime | None:
    if not side:
        return None
    moment = datetime.fromisoformat(side)
    if moment.tzinfo is None:
        raise ValueError("a moment without its time zone")
    return moment.astimezone(UTC)
