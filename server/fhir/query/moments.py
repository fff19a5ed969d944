"""Values of date parameters (R4 search.html#date)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from server.fhir.query.named import Named
from server.fhir.query.prefixes import prefixed
from server.fhir.spans import FIRST, LAST, Span, span
from server.query import Date, Moment, Prefix

_ACCEPTED = (
    "a date is accepted as YYYY, YYYY-MM or YYYY-MM-DD, and with a time as YYYY-MM-DDThh:mm[:ss] and a zone "
    "(Z or %2Bhh:mm; UTC where there is none), after one of eq, ne, gt, lt, ge, le, sa, eb, ap or nothing"
)


def date(asked: Named, values: list[str]) -> Date:
    return Date(asked.param, tuple(moment(asked, each) for each in values))


def moment(asked: Named, text: str) -> Moment:
    prefix, rest = prefixed(text)
    covered = span(rest)
    if covered is None:
        raise asked.refused(_ACCEPTED)
    low, high = _about(covered, asked.asker.at) if prefix is Prefix.AP else covered
    return Moment(prefix, low, high)


def _about(covered: Span, now: datetime) -> Span:
    """Wider by a tenth of the way to today, as R4 recommends.

    To the day: the next page of a search asks the same as its first.
    """
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    low, high = covered
    gap = max(low - today, today - high, timedelta(0)) / 10
    return FIRST + max(low - FIRST - gap, timedelta(0)), LAST - max(LAST - high - gap, timedelta(0))
