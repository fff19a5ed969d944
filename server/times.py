"""How moments are printed, on every wire and page."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(value: datetime) -> str:
    """As a FHIR instant in UTC with milliseconds (R4 datatypes.html#instant)."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
