"""Pages are filled with what may be shown, whatever lies between."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from server.fhir.filling import filled
from server.ports import Stored, Stretch
from tests.world import START

ALL = [Stored("Patient", str(n), 1, START, b"") for n in range(40)]


def ask(size: int, after: str | None) -> Stretch:
    start = 0 if after is None else int(after) + 1
    places = tuple(str(n) for n in range(start, min(start + size, len(ALL))))
    more = start + size < len(ALL)
    return Stretch(tuple(ALL[start : start + size]), places[-1] if more else None, places)


def pages(shown: set[int], limit: int) -> list[list[int]]:
    def keep(found: Sequence[Stored]) -> list[Stored]:
        return [each for each in found if int(each.id) in shown]

    told, after = [], None
    while True:
        stretch = filled(ask, keep, limit, after)
        told.append([int(each.id) for each in stretch.found])
        assert len(stretch.places) == len(stretch.found)
        if stretch.next is None:
            return told
        after = stretch.next


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 39, 40, 500])
@pytest.mark.parametrize(
    "shown", [set(), {0}, {39}, {0, 39}, {7, 8, 9}, set(range(0, 40, 3)), set(range(40))]
)
def test_all_pages_but_the_last_are_full_and_none_is_empty(shown: set[int], limit: int) -> None:
    told = pages(shown, limit)
    assert [each for page in told for each in page] == sorted(shown)
    assert all(len(before) == limit and after for before, after in pairwise(told))


def test_nothing_is_asked_for() -> None:
    assert filled(ask, list, 0, None) == Stretch((), None)
