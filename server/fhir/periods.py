"""A Period as a time without ends that are not told (R4 datatypes.html#Period)."""

from __future__ import annotations

from datetime import datetime

from server.fhir.spans import span
from server.fhir.times import moment
from server.model import Absence
from server.ports import Resource


def period(written: Resource) -> Absence:
    """An end that is a date lasts to the end of that day, in UTC."""
    return Absence(_edge(written.get("start"), 0), _edge(written.get("end"), 1))


def _edge(text: str | None, side: int) -> datetime | None:
    covered = None if text is None else span(text)
    if text is None or covered is None:
        return None
    return moment(text) or covered[side]
