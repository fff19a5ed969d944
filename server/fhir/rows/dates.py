"""Values of date parameters (R4 search.html#date): the time that each covers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from server.fhir.rows.tree import Emit, Found
from server.fhir.spans import FIRST, LAST, Span, span
from server.query import DateRow


def moment(param: str) -> Emit:
    """A date, dateTime or instant."""

    def emit(value: str, found: Found) -> None:
        covered = span(value)
        if covered is not None:
            found.rows.append(DateRow(param, *covered, found.part))

    return emit


def period(param: str) -> Emit:
    """A side that is not told is open."""
    return lambda value, found: found.rows.append(DateRow(param, *_period(value), found.part))


def timing(param: str) -> Emit:
    """From the first to the last that is told; what happens between is not looked at."""

    def emit(value: dict[str, Any], found: Found) -> None:
        spans = list(_told(value)) or [(FIRST, LAST)]
        low, high = min(low for low, _ in spans), max(high for _, high in spans)
        found.rows.append(DateRow(param, low, high, found.part))

    return emit


def _told(value: dict[str, Any]) -> Iterator[Span]:
    for each in value.get("event", ()):
        if each is not None and (covered := span(each)) is not None:
            yield covered
    bounds = value.get("repeat", {}).get("boundsPeriod")
    if bounds is not None:
        yield _period(bounds)


def _period(value: dict[str, Any]) -> Span:
    start, end = span(value.get("start", "")), span(value.get("end", ""))
    return start[0] if start else FIRST, end[1] if end else LAST
