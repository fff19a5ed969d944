"""What a date covers: R4 search.html#date, and where Python's calendar ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.fhir.primitives import is_datetime
from server.fhir.spans import FIRST, LAST, span


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2026", at(2026, 1, 1), at(2027, 1, 1)),
        ("2026-02", at(2026, 2, 1), at(2026, 3, 1)),
        ("2026-12", at(2026, 12, 1), at(2027, 1, 1)),
        ("2024-02-29", at(2024, 2, 29), at(2024, 3, 1)),
        ("2026-01-05T09:30", at(2026, 1, 5, 9, 30), at(2026, 1, 5, 9, 31)),
        ("2026-01-05T09:30Z", at(2026, 1, 5, 9, 30), at(2026, 1, 5, 9, 31)),
        ("2026-01-05T09:30:07", at(2026, 1, 5, 9, 30, 7), at(2026, 1, 5, 9, 30, 8)),
        ("2026-01-05T09:30:07+02:00", at(2026, 1, 5, 7, 30, 7), at(2026, 1, 5, 7, 30, 8)),
        ("2026-01-05T09:30:07.5Z", at(2026, 1, 5, 9, 30, 7, 500_000), at(2026, 1, 5, 9, 30, 7, 600_000)),
        ("2026-01-05T09:30:07.123Z", at(2026, 1, 5, 9, 30, 7, 123_000), at(2026, 1, 5, 9, 30, 7, 124_000)),
        ("2026-01-05T09:30:07.123456789Z", at(2026, 1, 5, 9, 30, 7, 123_456),
         at(2026, 1, 5, 9, 30, 7, 123_457)),
        ("2016-12-31T23:59:60Z", at(2017, 1, 1), at(2017, 1, 1, 0, 0, 1)),
        ("2016-12-31T23:59:60.5Z", at(2017, 1, 1, 0, 0, 0, 500_000), at(2017, 1, 1, 0, 0, 0, 600_000)),
        ("9999-12-31T23:59:60Z", LAST, LAST),
        ("0001", FIRST, at(2, 1, 1)),
        ("0001-01-01T00:00:00+14:00", FIRST, FIRST + timedelta(seconds=1)),
        ("9999", at(9999, 1, 1), LAST),
        ("9999-12", at(9999, 12, 1), LAST),
        ("9999-12-31", at(9999, 12, 31), LAST),
        ("9999-12-31T23:59:59-14:00", LAST, LAST),
    ],
)  # fmt: skip
def test_covers(text, low, high):
    assert span(text) == (low, high)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "26", "02026", "0000", "2026-13", "2026-00", "2026-1", "2026-02-30", "20260105",
        "2026-W01-1",
        "2026-01-05T", "2026-01-05T09", "2026-01-05T24:00", "2026-01-05T09:60", "2026-01-05T09:30.5",
        "2026-01-05 09:30", "2026-01-05T09:30:07 02:00", "2026-01-05T09:30:07+25:00", "2026-01-05T09:30:61Z",
        "2026-01-05T09:30:07z", "٢٠٢٦", "2026-01-05T09:30:07.Z", "9" * 50,
    ],
)  # fmt: skip
def test_covers_nothing(text):
    assert span(text) is None


@given(
    st.datetimes(
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=14))])
    )
)
def test_every_datetime_of_the_standard_covers_something_in_order(value):
    text = value.isoformat(timespec="milliseconds")
    assert is_datetime(text)
    low, high = span(text)
    assert FIRST <= low <= high <= LAST
