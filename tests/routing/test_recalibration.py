"""Slope and intercept of probabilities of which it is known how they are bent."""

from __future__ import annotations

import math
import random

from server.routing.recalibration import recalibration


def of(told: float, so: int, cases: int = 100) -> list[tuple[float, bool]]:
    return [(told, number < so) for number in range(cases)]


def test_where_shares_are_what_was_said_nothing_is_to_bend() -> None:
    found = recalibration([*of(0.9, 90), *of(0.1, 10), *of(0.5, 50)])
    assert found is not None
    assert math.isclose(found.slope.value, 1, abs_tol=1e-6)
    assert math.isclose(found.intercept.value, 0, abs_tol=1e-6)
    assert found.slope.low < 1 < found.slope.high


def test_twice_as_sure_as_it_may_be() -> None:
    """Log odds of 9 were said as those of 81."""
    found = recalibration([*of(81 / 82, 90), *of(1 / 82, 10)])
    assert found is not None
    assert math.isclose(found.slope.value, 0.5, abs_tol=1e-6)
    assert math.isclose(found.intercept.value, 0, abs_tol=1e-6)


def test_too_high_by_as_much_everywhere() -> None:
    """Odds of 9 and 1/4 were said as three times as much."""
    found = recalibration([*of(27 / 28, 90), *of(3 / 7, 20)])
    assert found is not None
    assert math.isclose(found.slope.value, 1, abs_tol=1e-6)
    assert math.isclose(found.intercept.value, -math.log(3), abs_tol=1e-6)


def test_what_has_no_slope() -> None:
    assert recalibration(of(0.3, 30)) is None
    assert recalibration([*of(0.9, 100), *of(0.1, 0)]) is None
    assert recalibration([*of(1.0, 90), *of(0.0, 10)]) is not None


def test_its_interval_holds_one_about_as_often_as_it_says() -> None:
    dice, held = random.Random(4), 0
    for _ in range(200):
        told = [(p, dice.random() < p) for p in (dice.uniform(0.05, 0.95) for _ in range(200))]
        found = recalibration(told)
        assert found is not None
        held += found.slope.low <= 1 <= found.slope.high
    assert 0.9 <= held / 200 <= 0.99
