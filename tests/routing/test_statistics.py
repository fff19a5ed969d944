"""The formulas against published tables, against sums done by hand, and where there is nothing."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from server.routing.interval import wilson
from server.routing.statistics import (
    FIRST,
    MODEL,
    Table,
    Verified,
    brier,
    calibration_error,
    corrected,
)

EMBOLI = Table(2703, 179, 533, 29086)
"""CT angiographies of Northwell, 32,501 (second-reading 5.1)."""
INCIDENTAL = Table(39, 36, 5, 3009)
"""Incidental emboli of Langius 2023, from its sensitivities and false positives: 3,089."""


def test_the_vector_of_the_reference() -> None:
    """Its upper limit is printed as 0.8809: what was rounded, 0.8716 and 0.0093, was added; it is 0.88085."""
    kappa = EMBOLI.kappa
    assert EMBOLI.n == 32501
    assert round(EMBOLI.agreement or 0, 4) == 0.9781
    assert kappa is not None
    assert [round(each, 4) for each in (kappa.value, kappa.low, kappa.high)] == [0.8716, 0.8623, 0.8808]
    assert abs(kappa.high - 0.8809) < 1e-4
    assert round(EMBOLI.ac1 or 0, 4) == 0.9736


def test_the_paradox_kappa_is_low_where_a_finding_is_rare() -> None:
    kappa = INCIDENTAL.kappa
    assert kappa is not None
    assert [round(each, 3) for each in (kappa.value, kappa.low, kappa.high)] == [0.649, 0.549, 0.749]
    assert round(INCIDENTAL.agreement or 0, 3) == 0.987
    assert round(INCIDENTAL.positive or 0, 2) == 0.66
    assert (INCIDENTAL.ac1 or 0) > 0.98
    assert (INCIDENTAL.negative or 0) > 0.99
    assert (INCIDENTAL.prevalence or 1) < 0.02


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(27, 41, 50.5, 78.4), (16, 28, 39.1, 73.5), (6, 29, 9.8, 38.4), (13, 136, 5.7, 15.7)],
    ids=["incidental emboli", "bleedings, Yale", "bleedings, AQUARIUS", "livers on CT of the lungs"],
)
def test_the_yields_that_were_published(count: int, of: int, low: float, high: float) -> None:
    assert [round(100 * each, 1) for each in wilson(count, of)] == [low, high]


def test_readers_change_places_and_kappa_does_not_change() -> None:
    other = Table(EMBOLI.a, EMBOLI.c, EMBOLI.b, EMBOLI.d)
    assert other.kappa is not None
    assert EMBOLI.kappa is not None
    assert math.isclose(other.kappa.value, EMBOLI.kappa.value)
    assert math.isclose(other.kappa.low, EMBOLI.kappa.low)


def test_of_no_case_nothing_is_told() -> None:
    none = Table(0, 0, 0, 0)
    told = (none.agreement, none.positive, none.negative, none.prevalence, none.kappa, none.ac1)
    assert told == (None,) * 6


def test_readers_who_only_ever_say_absent_have_no_kappa() -> None:
    one = Table(0, 0, 0, 50)
    assert one.kappa is None
    assert one.positive is None
    assert (one.agreement, one.negative, one.ac1) == (1.0, 1.0, 1.0)


def test_full_and_no_agreement() -> None:
    full, none = Table(20, 0, 0, 30).kappa, Table(0, 25, 25, 0).kappa
    assert full is not None
    assert none is not None
    assert (full.value, full.low, full.high) == (1.0, 1.0, 1.0)
    assert math.isclose(none.value, -1.0)


def test_every_small_table_gives_figures_within_their_bounds() -> None:
    for a, b, c, d in itertools.product(range(4), repeat=4):
        table = Table(a, b, c, d)
        kappa = table.kappa
        assert kappa is None or -1 - 1e-9 <= kappa.low <= kappa.value + 1e-9 <= kappa.high + 2e-9 <= 1 + 3e-9
        for each in (table.agreement, table.positive, table.negative, table.prevalence):
            assert each is None or 0 <= each <= 1


# -- sensitivity and specificity where not every case was verified --------------------------------


def test_with_every_case_verified_it_is_the_plain_share() -> None:
    cells = {
        "a": Verified(50, 50, 45),
        "b": Verified(30, 30, 12),
        "c": Verified(20, 20, 8),
        "d": Verified(900, 900, 5),
    }
    model = corrected(cells, MODEL)
    assert model is not None
    assert model.sensitivity is not None
    assert model.specificity is not None
    assert math.isclose(model.sensitivity.value, (45 + 12) / 70)
    assert math.isclose(model.specificity.value, (12 + 895) / 930)


def test_audits_of_one_in_twenty_give_what_reading_all_would_have() -> None:
    """By hand: 10 of 50 audited of 1,000 are ill, so 200 are; each weighs 1/pi = 20."""
    cells = {
        "a": Verified(1000, 50, 40),
        "b": Verified(100, 100, 60),
        "c": Verified(80, 80, 30),
        "d": Verified(1000, 50, 10),
    }
    model, first = corrected(cells, MODEL), corrected(cells, FIRST)
    assert model is not None
    assert first is not None
    ill = 800 + 60 + 30 + 200
    assert model.sensitivity is not None
    assert first.sensitivity is not None
    assert math.isclose(model.sensitivity.value, (800 + 60) / ill)
    assert math.isclose(first.sensitivity.value, (800 + 30) / ill)
    all_read = {k: Verified(v.cases, v.cases, v.cases * v.present // v.read) for k, v in cells.items()}
    whole = corrected(all_read, MODEL)
    assert whole is not None
    assert whole.sensitivity is not None
    assert math.isclose(whole.sensitivity.value, model.sensitivity.value)
    assert model.sensitivity.high - model.sensitivity.low > whole.sensitivity.high - whole.sensitivity.low


def test_a_cell_of_which_nobody_has_read_any_forbids_it() -> None:
    some = Verified(10, 10, 5)
    assert corrected({"a": some, "b": some, "c": some, "d": Verified(900, 0, 0)}, MODEL) is None
    assert corrected({"a": some, "b": some, "c": some, "d": Verified(0, 0, 0)}, MODEL) is not None


def test_no_finding_among_few_audits_leaves_a_wide_interval() -> None:
    cells = {
        "a": Verified(100, 20, 20),
        "b": Verified(20, 20, 10),
        "c": Verified(20, 20, 10),
        "d": Verified(5000, 100, 0),
    }
    model = corrected(cells, MODEL)
    assert model is not None
    assert model.sensitivity is not None
    assert model.sensitivity.value > 0.9
    assert model.sensitivity.low < 0.7


def test_one_class_only() -> None:
    none = Verified(0, 0, 0)
    ill = corrected({"a": Verified(40, 40, 40), "b": none, "c": none, "d": none}, MODEL)
    assert ill is not None
    assert ill.specificity is None
    assert ill.sensitivity is not None
    assert (ill.sensitivity.value, ill.sensitivity.high) == (1.0, 1.0)
    assert math.isclose(ill.sensitivity.low, wilson(40, 40)[0])


def test_its_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    dice, held, rounds = random.Random(5), 0, 400
    shares = {"a": (0.05, 0.9), "b": (0.05, 0.5), "c": (0.04, 0.4), "d": (0.86, 0.01)}
    ill = {name: part * rate for name, (part, rate) in shares.items()}
    truth = (ill["a"] + ill["b"]) / sum(ill.values())
    for _ in range(rounds):
        cells = {}
        for name, (part, rate) in shares.items():
            cases = round(4000 * part)
            read = cases if name in "bc" else cases // 5
            cells[name] = Verified(cases, read, sum(dice.random() < rate for _ in range(read)))
        found = corrected(cells, MODEL)
        assert found is not None
        assert found.sensitivity is not None
        held += found.sensitivity.low <= truth <= found.sensitivity.high
    assert 0.92 <= held / rounds <= 0.99


# -- calibration ------------------------------------------------------------------------------------


def test_a_model_that_knows_is_not_off_and_one_that_is_wrong_is_off_by_all() -> None:
    right = [(1.0, True), (0.0, False)] * 50
    wrong = [(1.0, False), (0.0, True)] * 50
    assert (brier(right), calibration_error(right)) == (0.0, 0.0)
    assert (brier(wrong), calibration_error(wrong)) == (1.0, 1.0)


def test_bins_hold_as_many_cases_each() -> None:
    """By hand: two bins of 0.2 and 0.6, of which 0.5 and 1 are so; (0.3 + 0.4) / 2."""
    told = [(0.2, True), (0.2, False), (0.6, True), (0.6, True)]
    assert math.isclose(calibration_error(told, 2) or 0, 0.35)


def test_of_one_probability_it_does_not_matter_which_come_first() -> None:
    told = [(0.9, True)] * 90 + [(0.9, False)] * 10
    assert math.isclose(calibration_error(told) or 0, 0, abs_tol=1e-9)
    assert math.isclose(calibration_error(told[::-1]) or 0, 0, abs_tol=1e-9)


def test_of_nothing_no_calibration() -> None:
    assert (brier([]), calibration_error([])) == (None, None)
