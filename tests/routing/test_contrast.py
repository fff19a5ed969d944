"""Differences and ratios of two shares against published examples."""

from __future__ import annotations

import math

import pytest

from server.routing.contrast import difference, ratio, ratio_of_counts
from server.routing.interval import wilson
from server.routing.statistics import Estimate


def of(count: int, cases: int) -> Estimate:
    return Estimate(count / cases, *wilson(count, cases))


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_newcombe_s_own_examples(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    """Stat Med 17 (1998) 873-890, table II, method 10."""
    found = difference(of(*one), of(*other))
    assert math.isclose(found.value, one[0] / one[1] - other[0] / other[1])
    assert [round(found.low, 4), round(found.high, 4)] == [low, high]


def test_the_other_way_round_is_the_same_with_another_sign() -> None:
    one, other = difference(of(9, 10), of(3, 10)), difference(of(3, 10), of(9, 10))
    assert math.isclose(one.low, -other.high)
    assert math.isclose(one.high, -other.low)


def test_the_ratio_of_heart_attacks_without_aspirin_and_with_it() -> None:
    """Physicians' Health Study, 189 of 11,034 and 104 of 11,037: 1.82 (1.43 to 2.30).

    It is 2.306; what is printed was made of logarithms that were rounded before.
    """
    found = ratio_of_counts((189, 11034), (104, 11037))
    assert found is not None
    assert [round(each, 2) for each in (found.value, found.low, found.high)] == [1.82, 1.43, 2.31]
    assert ratio_of_counts((0, 10), (3, 10)) is None


def test_the_ratio_of_estimates_has_the_width_of_both() -> None:
    """By hand: half widths of log 2 and none at all."""
    found = ratio(Estimate(0.4, 0.2, 0.8), Estimate(0.2, 0.2, 0.2))
    assert found is not None
    assert [round(each, 9) for each in (found.value, found.low, found.high)] == [2.0, 1.0, 4.0]
    assert ratio(Estimate(0.1, 0.0, 0.2), Estimate(0.2, 0.1, 0.3)) is None
