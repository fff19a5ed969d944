"""Types of columns. Times are integers (microseconds since 1970, UTC): sortable, zone-free, exact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A timezone-aware moment, stored as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        del dialect
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        del dialect
        return None if value is None else moment(value)


def moment(microseconds: int) -> datetime:
    """A stored time as a value."""
    return _EPOCH + timedelta(microseconds=microseconds)


def word(length: int) -> String:
    """Text by which something is known. ``length`` says what to expect; neither database holds to it.

    Its order is that of its bytes: a language's order changes with the operating system's library,
    and an index that was built under another one finds nothing and lets doubles in.
    """
    return String(length).with_variant(Text(collation="C"), "postgresql")
