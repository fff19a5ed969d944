"""Periods whose ends contradict each other, wherever in a resource they stand (R4 Period, per-1)."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from server.hl7v2.mapping.drafts import Json


def straighten(resource: Json) -> bool:
    """An end before its start is taken out; whether one was. The start is believed: it is known earlier."""
    found = [one for one in _periods(resource) if _bound(one["end"], last=True) < _bound(one["start"])]
    for each in found:
        del each["end"]
    return bool(found)


def _periods(part: Any) -> Iterator[Json]:
    if isinstance(part, dict):
        if "start" in part and "end" in part:
            yield part
        for each in part.values():
            yield from _periods(each)
    elif isinstance(part, list):
        for each in part:
            yield from _periods(each)


def _bound(text: str, *, last: bool = False) -> float:
    """The first or last second of what is written, zones of whole days set aside."""
    day, _, clock = text.partition("T")
    year, month, date = (*(int(each) for each in day.split("-")), 0, 0)[:3]
    month = month or (12 if last else 1)
    date = date or (calendar.monthrange(year, month)[1] if last else 1)
    if not clock:
        clock = "23:59:59+00:00" if last else "00:00:00+00:00"
    whole = f"{year:04}-{month:02}-{date:02}T{clock.replace(':60', ':59')}"
    written = datetime.fromisoformat(whole)
    away = written.utcoffset()
    return _seconds(written) - (away.total_seconds() if away else 0)


def _seconds(moment: datetime) -> float:
    """Without its zone, which would lead over the ends of the calendar."""
    return moment.toordinal() * 86400 + moment.hour * 3600 + moment.minute * 60 + moment.second
