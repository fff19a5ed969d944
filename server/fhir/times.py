"""FHIR date, dateTime and instant as text <-> values (R4 datatypes.html#dateTime)."""

from __future__ import annotations

from datetime import UTC, date, datetime


def moment(text: str) -> datetime | None:
    """A dateTime that has a time and a zone, in UTC; None for anything less exact."""
    if "T" not in text:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if value.tzinfo is None else value.astimezone(UTC)


def day(text: str) -> date | None:
    """A full date; None for a year or a year and month."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
