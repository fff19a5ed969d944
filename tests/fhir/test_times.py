from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from server.fhir.times import day, moment


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-01-05T08:00:00Z", datetime(2024, 1, 5, 8, tzinfo=UTC)),
        ("2024-01-05T08:00:00+05:30", datetime(2024, 1, 5, 2, 30, tzinfo=UTC)),
        ("2024-01-05T08:00:00.123Z", datetime(2024, 1, 5, 8, 0, 0, 123_000, tzinfo=UTC)),
        ("2024-01-05T08:00:00.1234567890Z", datetime(2024, 1, 5, 8, 0, 0, 123_456, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2024-01-05T08:00:00", None),
        ("2024-01-05", None),
        ("2024", None),
        ("", None),
        ("T", None),
        ("2024-02-30T08:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", datetime.min.replace(tzinfo=UTC)),
        ("9999-12-31T23:59:59-14:00", datetime.max.replace(tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_moment_has_time_and_zone(text: str, value: datetime | None) -> None:
    assert moment(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("1990-05-01", date(1990, 5, 1)), ("1990-05", None), ("1990", None), ("", None), ("1990-02-30", None)],
)
def test_a_day_is_a_full_date(text: str, value: date | None) -> None:
    assert day(text) == value
