"""McNemar's test on published and hand-computed pairs, and phi of errors."""

from __future__ import annotations

import math

import pytest

from server.routing.paired import mcnemar, phi


def test_the_prime_minister_s_rating() -> None:
    """Agresti, Categorical Data Analysis, 10.1: 150 and 86 changed their minds, chi square 17.36."""
    assert math.isclose(mcnemar(86, 150), math.erfc(math.sqrt(17.356 / 2)), rel_tol=1e-3)
    assert mcnemar(86, 150) < 0.0001


@pytest.mark.parametrize(
    ("one", "other", "p"),
    [(0, 0, 1.0), (1, 7, 2 * 9 / 256), (12, 12, 1.0), (0, 10, 2 / 1024), (10, 0, 2 / 1024)],
)
def test_exact_where_there_are_few(one: int, other: int, p: float) -> None:
    assert math.isclose(mcnemar(one, other), p)


def test_from_25_on_by_chi_square() -> None:
    assert math.isclose(mcnemar(10, 15), math.erfc(math.sqrt(0.5)))


def test_phi() -> None:
    """By hand: (10 * 100 - 30 * 30) / (30 * 70)."""
    assert math.isclose(phi(10, 20, 20, 50) or 0, 100 / 2100)
    assert phi(30, 0, 0, 70) == 1
    assert phi(0, 30, 70, 0) == -1
    assert phi(0, 0, 30, 70) is None
