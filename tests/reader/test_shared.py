"""How far the errors of two models go together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from server.model import Band, SharedErrors
from server.reader.training.nested import OutOfFold
from server.reader.training.shared import phi, shared_errors
from server.reader.training.table import development, load
from tests.reader.build import CARD, OTHER_CARD

TABLE = development(load(CARD))
ILL = TABLE.y == 1
BAND = Band(0.2, 0.8)
FIRST, OTHER = replace(CARD, band=BAND), replace(OTHER_CARD, band=BAND)


def flags(*counts: int) -> tuple[np.ndarray, np.ndarray]:
    """Both wrong, only one, only the other, neither: so many of each."""
    pairs = ((True, True), (True, False), (False, True), (False, False))
    rows = [pair for pair, count in zip(pairs, counts, strict=True) for _ in range(count)]
    one, other = np.array(rows).T
    return one, other


@pytest.mark.parametrize(
    ("counts", "value"),
    [
        ((10, 10, 20, 60), 0.218218),  # (.1 - .2 .3) / sqrt(.2 .8 .3 .7)
        ((5, 0, 0, 95), 1.0),
        ((0, 50, 50, 0), -1.0),
        ((4, 16, 16, 64), 0.0),  # p11 .04 is .2 times .2
    ],
)
def test_phi_of_a_table_worked_out_by_hand(counts: tuple[int, ...], value: float) -> None:
    assert phi(*flags(*counts)) == pytest.approx(value)


@pytest.mark.parametrize("counts", [(0, 0, 7, 93), (0, 7, 0, 93), (0, 0, 0, 100), (7, 0, 93, 0)])
def test_phi_is_not_defined_where_one_is_never_wrong_or_always(counts: tuple[int, ...]) -> None:
    assert phi(*flags(*counts)) is None


def test_phi_is_not_defined_on_nobody() -> None:
    assert phi(np.array([], dtype=bool), np.array([], dtype=bool)) is None


def scores(*repeats: dict[int, float]) -> OutOfFold:
    """Right and sure of everybody, but for some of those whom the contract lets through."""
    model = np.where(ILL, 0.9, 0.1) * np.ones((len(repeats), 1))
    for row, changed in zip(model, repeats, strict=True):
        for index, chance in changed.items():
            row[SERVED[index]] = chance
    return OutOfFold(model, model)


SERVED = np.flatnonzero(TABLE.served)
WRONG = {n: (0.1 if ILL[SERVED[n]] else 0.9) for n in range(len(SERVED))}


def wrong(*numbers: int) -> dict[int, float]:
    return {n: WRONG[n] for n in numbers}


def test_it_is_of_the_patients_whom_both_answer() -> None:
    """Four are left out whom one declines, with the error of the other on one of them."""
    first = scores(wrong(0, 1, 2) | {5: 0.5, 6: 0.5})
    other = scores(wrong(1, 2, 3, 5) | {7: 0.5, 8: 0.5})
    found, told = shared_errors(FIRST, OTHER, first, other)
    n = len(SERVED) - 4
    p1, p2, both = 3 / n, 3 / n, 2 / n
    assert found is not None
    assert (found.other, found.cases) == (CARD.identity, n)
    assert found.phi == pytest.approx((both - p1 * p2) / (p1 * (1 - p1) * p2 * (1 - p2)) ** 0.5, abs=5e-4)
    assert told == (
        f"both answer {n} of {len(SERVED)} patients, of whom {CARD.identity} is wrong on 3.0, this model on "
        "3.0, both on 2.0; this model alone answers 2.0, of whom it is wrong on 1.0; means over repeats"
    )


def test_each_model_answers_by_its_own_thresholds() -> None:
    careful = replace(OTHER, band=Band(0.05, 0.8))  # declines those of 0.1: all who have not got the disease
    missed = int(np.flatnonzero(ILL[SERVED])[0])
    found, _ = shared_errors(FIRST, careful, scores(wrong(missed)), scores({missed: 0.01}))
    assert found == SharedErrors(CARD.identity, 1.0, int(ILL[SERVED].sum()))


def test_it_is_the_mean_over_the_repeats_in_which_it_is_defined() -> None:
    first = scores(wrong(0), wrong(0), {})
    other = scores(wrong(0), wrong(1), wrong(0))
    found, _ = shared_errors(FIRST, OTHER, first, other)
    apart = -1 / (len(SERVED) - 1)  # one error each, on two patients
    assert found is not None
    assert found.phi == pytest.approx((1 + apart) / 2, abs=5e-4)
    assert found.cases == len(SERVED)


def test_a_model_that_is_never_wrong_leaves_it_out() -> None:
    found, told = shared_errors(FIRST, OTHER, scores({}), scores(wrong(0)))
    assert found is None
    assert "wrong on 0.0, this model on 1.0, both on 0.0" in told
