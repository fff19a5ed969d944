"""When a message was sent, as it says itself (MSH-7): believed only where it can be true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from server.hl7v2.grammar.datatypes import moment
from server.hl7v2.message import Segment

_AHEAD = timedelta(hours=24)
_OLD = timedelta(hours=48)
_FORM = "19700101000000"


def sent_at(header: Segment, zone: str, received_at: datetime) -> tuple[datetime | None, tuple[str, ...]]:
    """And what is to be said about it."""
    text = header.text(7)
    found = _moment(text, ZoneInfo(zone)) if moment(text) and len(text) >= 8 else None
    if found is None or found > received_at + _AHEAD or found.year < 1990:
        return None, ("message-time MSH-7",)
    return found, ("message-time-old MSH-7",) if received_at - found > _OLD else ()


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """``text`` has the form of a DTM; what it leaves out is the least."""
    at = max(text.find("+"), text.find("-"))
    body, offset = (text[:at], text[at:]) if at >= 0 else (text, "")
    whole = body.partition(".")[0]
    local = datetime.strptime(f"{whole}{_FORM[len(whole) :]}+0000", "%Y%m%d%H%M%S%z")
    if not offset:
        return local.replace(tzinfo=zone).astimezone(UTC)
    minutes = int(offset[1:3]) * 60 + int(offset[3:5])
    return local - timedelta(minutes=minutes if offset[0] == "+" else -minutes)
