"""TS, DTM, DT, TM and DR (HL7 v2.8 sections 2A.3.21 to 2A.3.23, 2A.3.76) with the precision that was sent."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo

from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import parts
from server.hl7v2.message import Repetition

_DTM = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d{2})(?:(?P<day>\d{2})(?:(?P<hour>\d{2})(?:(?P<minute>\d{2})"
    r"(?:(?P<second>\d{2})(?P<fraction>\.\d{1,6})?)?)?)?)?)?(?P<zone>[+-]\d{4})?",
    re.ASCII,
)
_TM = re.compile(r"(\d{2})(?:(\d{2})(?:(\d{2})(\.\d{1,6})?)?)?(?:[+-]\d{4})?", re.ASCII)
_FIRST_YEAR = 1


def date_time(value: Repetition, making: Making, where: str) -> str | None:
    """As a FHIR dateTime. From an hour on FHIR wants seconds and an offset: zeros, and the link's zone."""
    found = _read(value.text(), making, where)
    return None if found is None else _written(found, making)


def date(value: Repetition, making: Making, where: str) -> str | None:
    found = _read(value.text(), making, where)
    return None if found is None else _day(found)


def time_of(value: Repetition, making: Making, where: str) -> str | None:
    """More than a day: a dateTime beside a date (birth time)."""
    return date_time(value, making, where) if len(value.text()) > 8 else None


def instant(value: Repetition, making: Making, where: str) -> str | None:
    """Only where a time of day was sent."""
    found = _read(value.text(), making, where)
    if found is None or found["hour"] is None:
        if found is not None:
            making.note("a day is no instant, left out", where)
        return None
    return _written(found, making)


def time(value: Repetition, making: Making, where: str) -> str | None:
    """TM as a FHIR time, which has no offset."""
    text = value.text().strip()
    found = _TM.fullmatch(text)
    if text and (found is None or not _is_time(found[1], found[2], found[3])):
        making.note("no time, left out", where)
        return None
    return None if found is None else f"{found[1]}:{found[2] or '00'}:{found[3] or '00'}{found[4] or ''}"


def period(value: Repetition, making: Making, where: str) -> Json | None:
    """DR: its components are TS or DTM."""
    inside = parts(value, "DR")
    ends = (date_time(inside.first(1), making, where), date_time(inside.first(2), making, where))
    return {key: end for key, end in zip(("start", "end"), ends, strict=True) if end} or None


def moment(text: str, making: Making) -> datetime | None:
    """A point in time, for comparing; None where the text is none, or only a day."""
    found = _match(text)
    if found is None or found["hour"] is None:
        return None
    return _local(found).replace(tzinfo=_zone(found, making))


def _read(text: str, making: Making, where: str) -> re.Match[str] | None:
    if not text.strip():
        return None
    found = _match(text)
    if found is None:
        making.note("no date or time, left out", where)
    return found


def _match(text: str) -> re.Match[str] | None:
    """A date that the calendar has; nothing is guessed (``19900231``, ``00000000``)."""
    found = _DTM.fullmatch(text.strip())
    if found is None:
        return None
    try:
        _local(found)
    except ValueError:
        return None
    zone = found["zone"]
    if zone and not (int(zone[1:3]) * 60 + int(zone[3:]) <= 14 * 60 and int(zone[3:]) < 60):
        return None
    return found


def _local(found: re.Match[str]) -> datetime:
    second = min(int(found["second"] or 0), 59) if found["second"] == "60" else int(found["second"] or 0)
    return datetime(  # noqa: DTZ001 - the zone is put on by whoever asks
        int(found["year"]), int(found["month"] or 1), int(found["day"] or 1),
        int(found["hour"] or 0), int(found["minute"] or 0), second,
    )  # fmt: skip


def _written(found: re.Match[str], making: Making) -> str:
    if found["hour"] is None:
        return _day(found)
    clock = f"{found['hour']}:{found['minute'] or '00'}:{found['second'] or '00'}{found['fraction'] or ''}"
    return f"{_day(found)}T{clock}{_offset(found, making)}"


def _day(found: re.Match[str]) -> str:
    return "-".join(part for part in (found["year"], found["month"], found["day"]) if part)


def _offset(found: re.Match[str], making: Making) -> str:
    away = _local(found).replace(tzinfo=_zone(found, making)).utcoffset() or timedelta()
    minutes = round(away.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _zone(found: re.Match[str], making: Making) -> tzinfo:
    zone = found["zone"]
    if not zone:
        return making.zone
    away = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    return timezone(-away if zone[0] == "-" else away)


def _is_time(hour: str, minute: str | None, second: str | None) -> bool:
    return int(hour) < 24 and int(minute or 0) < 60 and int(second or 0) < 60
