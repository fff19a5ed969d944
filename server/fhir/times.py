"""FHIR date, dateTime and instant as text <-> values (R4 datatypes.html#dateTime)."""

from __future__ import annotations

import re
from datetime import MINYEAR, UTC, date, datetime, timedelta

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)

_LEAP = re.compile(r"(T[0-9]{2}:[0-9]{2}:)60")


def at(text: str) -> datetime:
    """A date or time as it is written. A leap second, which R4 permits and nothing here holds, is the next.

    Raises:
        ValueError: it is none.
    """
    if (leap := _LEAP.search(text)) is None:
        return datetime.fromisoformat(text)
    before = datetime.fromisoformat(f"{text[: leap.start()]}{leap[1]}59{text[leap.end() :]}")
    try:
        return before + timedelta(seconds=1)
    except OverflowError:
        return datetime.max.replace(tzinfo=before.tzinfo)


def moment(text: str) -> datetime | None:
    """A dateTime that has a time and a zone, in UTC; None for anything less exact."""
    if "T" not in text:
        return None
    try:
        value = at(text)
    except ValueError:
        return None
    return None if value.tzinfo is None else _in_utc(value)


def _in_utc(value: datetime) -> datetime:
    """The zone may carry a time over either end of the calendar, where the end itself stands for it."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return _LAST if value.year > MINYEAR else _FIRST


def day(text: str) -> date | None:
    """A full date; None for a year or a year and month."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
