"""RF1 and ServiceRequest (HL7 v2.8 section 11.8.1); HL7 has no map of it."""

from __future__ import annotations

from server.hl7v2.mapping.convert import codes, times
from server.hl7v2.mapping.convert.text import token
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import Row, Table
from server.hl7v2.mapping.tables.order import FILLER, PLACER
from server.hl7v2.message import Repetition

_PRIORITY = {"S": "stat", "A": "asap", "R": "routine"}


def _priority(value: Repetition, _making: Making, _where: str) -> str | None:
    """Table 0280."""
    return _PRIORITY.get(token(value.text()))


RF1: Table = (
    Row("RF1-2", "priority", _priority),
    Row("RF1-3", "orderDetail+", codes.concept),
    Row("RF1-6", "identifier+", PLACER),
    Row("RF1-7", "occurrencePeriod.start", times.date_time),
    Row("RF1-8", "occurrencePeriod.end", times.date_time),
    Row("RF1-9", "authoredOn", times.date_time),
    Row("RF1-10", "reasonCode+", codes.concept, many=True),
    Row("RF1-11", "identifier+", FILLER),
)
