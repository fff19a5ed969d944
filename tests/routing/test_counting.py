"""When an archive is asked again: while its number grows, later and later when it fails, never for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from server.completeness import Counted
from server.routing.counting import MOST_ASKED, ask_at

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def said(*counts: tuple[float, int | None]) -> tuple[Counted, ...]:
    return tuple(Counted(later(at), count) for at, count in counts)


@pytest.mark.parametrize(
    ("counts", "changed", "next_"),
    [
        (said(), 0, 100),  # at once
        (said((1, 2)), 0, 11),
        (said((1, 2), (11, 3)), 0, 21),
        (said((1, 3), (11, 3)), 0, None),
        (said((1, 3), (11, 3)), 12, 21),  # something has come since
        (said((1, None)), 0, 21),
        (said((1, None), (21, None)), 0, 61),
        (said((1, None), (21, None), (61, 2)), 0, 71),
        (said((1, 2), (11, 2), (21, None)), 22, 41),
        (said(*((n, n) for n in range(MOST_ASKED))), 0, None),
        (said(*((n, None) for n in range(MOST_ASKED))), 0, None),
        (said(*((n, None) for n in range(MOST_ASKED - 1))), 0, MOST_ASKED - 2 + 600),
    ],
)
def test_when_an_archive_is_asked(counts: tuple[Counted, ...], changed: float, next_: float | None) -> None:
    assert ask_at(counts, later(changed), later(100)) == (None if next_ is None else later(next_))
