"""The time that a date as it is written covers: a day its 24 hours, a second itself (R4 search.html#date).

What has no zone is taken to be in UTC: a date always, and a time where a search may leave the zone out.
"""

from __future__ import annotations

import re
from datetime import MINYEAR, UTC, datetime, timedelta

from server.fhir.times import at

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
"""The ends of the calendar stand for "open", and for what lies beyond them."""

Span = tuple[datetime, datetime]
"""From the first moment to before the second."""

_DAY, _MINUTE, _SECOND, _SMALLEST = (
    timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1), timedelta(microseconds=1),
)  # fmt: skip
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(?:\.([0-9]+))?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)


def span(text: str) -> Span | None:
    """What ``text`` covers; None when it is no date, dateTime or instant (to the minute at least)."""
    try:
        if len(text) == 10 and text[4] == text[7] == "-":
            low = datetime.fromisoformat(text).replace(tzinfo=UTC)
            return low, _after(low, _DAY)
        return _moment(text) if len(text) > 10 else _month_or_year(text)
    except ValueError:
        return None


def _moment(text: str) -> Span | None:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    seconds, fraction = match.groups()
    if fraction:
        if not seconds:
            return None
        size = max(_SECOND / 10 ** min(len(fraction), 6), _SMALLEST)
    else:
        size = _SECOND if seconds else _MINUTE
    value = at(text)
    low = value.replace(tzinfo=UTC) if value.tzinfo is None else _in_utc(value)
    return low, _after(low, size)


def _month_or_year(text: str) -> Span | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month = int(match[1]), int(match[2] or 1)
    low = datetime(year, month, 1, tzinfo=UTC)
    if match[2] and month < 12:
        return low, low.replace(month=month + 1)
    return low, low.replace(year=year + 1, month=1) if year < LAST.year else LAST


def _after(low: datetime, size: timedelta) -> datetime:
    return low + size if LAST - low > size else LAST


def _in_utc(value: datetime) -> datetime:
    """The zone may carry a time over either end of the calendar."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return LAST if value.year > MINYEAR else FIRST
