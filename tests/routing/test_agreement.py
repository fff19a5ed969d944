"""Intervals beside kappa: against the delta method that was published, and against a jackknife."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

import pytest

from server.routing.agreement import ac1, negative, positive, prevalence
from server.routing.interval import USUAL
from server.routing.statistics import Estimate, Table

EMBOLI = Table(2703, 179, 533, 29086)
"""CT angiographies of Northwell, 32,501 (second-reading 5.1): positive agreement 93.8 %, AC1 .9736."""
FIGURES = (positive, negative, ac1, prevalence)
Interval = Callable[[Table], Estimate | None]


def test_of_the_vector_of_the_reference() -> None:
    found = ac1(EMBOLI)
    assert found is not None
    assert round(found.value, 4) == 0.9736
    assert [round(each, 4) for each in (found.low, found.high)] == [0.9716, 0.9755]


def test_close_to_graham_and_bull_where_there_are_many() -> None:
    """Their standard error: 2 sqrt(a (b + c) (a + b + c)) / (2a + b + c)^2; by hand 162,140 / 6,118^2."""
    a, apart = EMBOLI.a, EMBOLI.b + EMBOLI.c
    error = 2 * math.sqrt(a * apart * (a + apart)) / (2 * a + apart) ** 2
    found = positive(EMBOLI)
    assert found is not None
    assert round(error, 5) == 0.00433
    assert math.isclose((found.high - found.low) / 2, USUAL * error, rel_tol=0.01)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("table", [Table(60, 40, 26, 400), Table(30, 12, 17, 41)])
def test_as_wide_as_by_leaving_one_out(figure: Interval, table: Table) -> None:
    found, n = figure(table), table.n
    assert found is not None
    counts = {"a": table.a, "b": table.b, "c": table.c, "d": table.d}
    without = []
    for name, count in counts.items():
        one = figure(Table(**{**counts, name: count - 1}))
        assert one is not None
        without.append((one.value, count))
    middle = sum(value * count for value, count in without) / n
    spread = (n - 1) / n * sum(count * (value - middle) ** 2 for value, count in without)
    assert math.isclose((found.high - found.low) / 2, USUAL * math.sqrt(spread), rel_tol=0.04)


@pytest.mark.parametrize("figure", FIGURES)
def test_of_every_small_table_within_bounds(figure: Interval) -> None:
    for cells in itertools.product(range(4), repeat=4):
        found = figure(Table(*cells))
        if found is not None:
            assert -1 <= found.low <= found.value + 1e-9 <= found.high + 2e-9 <= 1 + 3e-9
    assert figure(Table(0, 0, 0, 0)) is None


@pytest.mark.parametrize("figure", FIGURES)
def test_it_holds_the_truth_about_as_often_as_it_says(figure: Interval) -> None:
    dice, shares = random.Random(9), (0.12, 0.05, 0.06, 0.77)
    truth = figure(Table(*(round(1e6 * each) for each in shares)))
    assert truth is not None
    held = 0
    for _ in range(500):
        drawn = dice.choices("abcd", shares, k=300)
        found = figure(Table(*(drawn.count(each) for each in "abcd")))
        assert found is not None
        held += found.low <= truth.value <= found.high
    assert 0.92 <= held / 500 <= 0.98
