"""Moments as they are printed on every wire and page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from server.times import instant


@pytest.mark.parametrize(
    ("moment", "printed"),
    [
        (datetime(2026, 1, 5, 9, 0, tzinfo=UTC), "2026-01-05T09:00:00.000Z"),
        (datetime(2026, 1, 5, 9, 0, 0, 123_999, UTC), "2026-01-05T09:00:00.123Z"),
        (
            datetime(2026, 1, 5, 0, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            "2026-01-04T19:00:00.000Z",
        ),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
    ],
)
def test_an_instant_is_utc_with_milliseconds(moment: datetime, printed: str) -> None:
    assert instant(moment) == printed
