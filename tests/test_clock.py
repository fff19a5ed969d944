"""The one clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from server.clock import now
from server.times import instant


def test_now_is_utc_in_whole_milliseconds_and_not_ahead() -> None:
    before = datetime.now(UTC)
    told = now()
    assert told.tzinfo is UTC
    assert told.microsecond % 1000 == 0
    assert before - timedelta(milliseconds=1) <= told <= datetime.now(UTC)


def test_what_is_printed_is_what_was_meant() -> None:
    told = now()
    assert datetime.fromisoformat(instant(told)) == told
