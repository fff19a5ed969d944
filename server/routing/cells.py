"""The cells of the directory table that hold more than a plain text. ValueError: not allowed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from server.model import Absence, Coding, Qualification, Renown

SNOMED = "http://snomed.info/sct"
"""System of the specialty codes (R4 value set c80-practice-codes)."""

_LANGUAGE = "[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*"
_PLACE = "[A-Z]{2}(-[A-Z0-9]{1,3})?"
_QUESTION = "[a-z0-9]+(-[a-z0-9]+)*"
_COUNT = "[0-9]{1,6}"
NOBODY = "nobody"
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


def languages(cell: str) -> frozenset[str]:
    """BCP 47 codes separated by ``;``."""
    return frozenset(each.lower() for each in _each(cell, _LANGUAGE))


def superiors(cell: str) -> tuple[str, ...] | None:
    """Practitioner ids separated by ``;``, ``nobody``, or nothing: not known."""
    if not cell:
        return None
    return () if cell == NOBODY else tuple(_each(cell, "[A-Za-z0-9.-]{1,64}"))


def renown(cell: str) -> dict[str, Renown]:
    """``question|per year|right/adjudicated``, several separated by ``;``."""
    found = dict[str, Renown]()
    for part in _each(cell, rf"{_QUESTION}\|{_COUNT}\|{_COUNT}/{_COUNT}"):
        question, per_year, counted = part.split("|")
        right, of = (int(each) for each in counted.split("/"))
        if right > of or question in found:
            raise ValueError("more right than adjudicated, or a question twice")
        found[question] = Renown(int(per_year), right, of)
    return found


def qualifications(cell: str) -> tuple[Qualification, ...]:
    """``system|code|places|start/end``, several separated by ``;``; places and period may be empty."""
    return tuple(_qualification(each.strip().split("|")) for each in cell.split(";")) if cell else ()


def _qualification(parts: list[str]) -> Qualification:
    system, code, places, valid = parts
    if not re.fullmatch(r"(https?://|urn:)\S+", system) or not re.fullmatch(r"\S+", code):
        raise ValueError("not a code of a system")
    held = frozenset(places.split())
    if not all(re.fullmatch(_PLACE, each) for each in held):
        raise ValueError("not a place of ISO 3166")
    return Qualification((Coding(system, code),), _period(valid) if valid else Absence(None, None), held)


def _each(cell: str, pattern: str) -> list[str]:
    parts = [each.strip() for each in cell.split(";")] if cell else []
    if not all(re.fullmatch(pattern, each) for each in parts):
        raise ValueError("not what is allowed")
    return parts


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
