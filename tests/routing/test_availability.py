from __future__ import annotations

from datetime import timedelta

import pytest

from server.model import Absence
from server.routing.availability import done_at, free_spells, free_time

from .nouns import NOW, hours

DEADLINE = NOW + hours(10)


def away(start, end):
    return Absence(None if start is None else NOW + hours(start), None if end is None else NOW + hours(end))


@pytest.mark.parametrize(
    ("absences", "free"),
    [
        ([], [(0, 10)]),
        ([away(2, 4)], [(0, 2), (4, 10)]),
        ([away(-5, 4)], [(4, 10)]),
        ([away(None, 4)], [(4, 10)]),
        ([away(7, None)], [(0, 7)]),
        ([away(7, 99)], [(0, 7)]),
        ([away(None, None)], []),
        ([away(-1, 10)], []),
        ([away(0, 10)], []),
        ([away(0, 9.99)], [(9.99, 10)]),
        ([away(-9, -8)], [(0, 10)]),
        ([away(11, 12)], [(0, 10)]),
        ([away(11, 12), away(13, 14)], [(0, 10)]),
        ([away(6, 8), away(2, 4)], [(0, 2), (4, 6), (8, 10)]),
        ([away(2, 6), away(3, 4)], [(0, 2), (6, 10)]),
        ([away(2, 4), away(4, 6)], [(0, 2), (6, 10)]),
        ([away(None, 5), away(5, None)], []),
        ([away(4, 2)], [(0, 10)]),
        ([away(3, 3)], [(0, 10)]),
        ([away(9, 3), away(1, 2)], [(0, 1), (2, 10)]),
    ],
)
def test_free_spells(absences, free):
    found = free_spells(absences, NOW, DEADLINE)
    assert found == tuple((NOW + hours(start), NOW + hours(end)) for start, end in free)
    assert free_time(found) == sum((hours(end - start) for start, end in free), timedelta(0))


@pytest.mark.parametrize("late", [NOW, NOW + hours(1)])
@pytest.mark.parametrize("absences", [[], [away(2, 3)]])
def test_nothing_is_free_after_the_deadline(late, absences):
    assert free_spells(absences, late, NOW) == ()


@pytest.mark.parametrize(
    ("needed", "done"), [(0.5, 0.5), (2, 2), (3, 5), (5, 7), (8, 10), (8.01, None), (99, None)]
)
def test_done_at(needed, done):
    spells = free_spells([away(2, 4)], NOW, DEADLINE)
    assert done_at(spells, hours(needed)) == (None if done is None else NOW + hours(done))


def test_nothing_is_done_when_nothing_is_free():
    assert done_at((), hours(1)) is None
