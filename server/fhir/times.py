"""FHIR date, dateTime and instant as text <-> values (R4 datatypes.html#dateTime)."""

from __future__ import annotations

from datetime import MINYEAR, UTC, date, datetime

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


def moment(text: str) -> datetime | None:
    """A dateTime that has a time and a zone, in UTC; None for anything less exact."""
    if "T" not in text:
        return None
    try:
        value = datetime.fromisoformat(text)
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
