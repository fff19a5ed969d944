"""Predictive values and shared errors, with every case verified and with audits alone."""

from __future__ import annotations

import math
import random

from server.routing.interval import wilson
from server.routing.paired import phi
from server.routing.predictive import predictive, shared_errors, turned
from server.routing.statistics import Verified

AUDITED = {
    "a": Verified(1000, 50, 40),
    "b": Verified(100, 100, 60),
    "c": Verified(80, 80, 30),
    "d": Verified(1000, 50, 10),
}


def test_with_every_case_verified_it_is_the_plain_share() -> None:
    cells = {"a": Verified(50, 50, 45), "b": Verified(30, 30, 12)}
    found = predictive(cells, "ab")
    assert found is not None
    assert math.isclose(found.value, 57 / 80)
    assert math.isclose(found.low, wilson(57, 80)[0])


def test_audits_of_one_in_twenty_weigh_twenty_times() -> None:
    """By hand: 800 of 1,000 and 60 of 100; 200 of 1,000 and 30 of 80."""
    present, missed = predictive(AUDITED, "ab"), predictive(AUDITED, "cd")
    assert present is not None
    assert missed is not None
    assert math.isclose(present.value, 860 / 1100)
    assert math.isclose(missed.value, 230 / 1080)
    npv = turned(missed)
    assert npv is not None
    assert math.isclose(npv.value + missed.value, 1)
    assert npv.low < npv.value < npv.high
    assert present.high - present.low > 2 * (wilson(860, 1100)[1] - wilson(860, 1100)[0])


def test_of_what_nobody_has_read_nothing() -> None:
    assert predictive({"a": Verified(10, 0, 0)}, "a") is None
    assert predictive({"a": Verified(0, 0, 0)}, "a") is None
    assert shared_errors({**AUDITED, "d": Verified(1000, 0, 0)}) is None


def test_errors_of_both() -> None:
    """By hand: both wrong in 200 + 200, the model alone in 40 + 30, the first reader alone in 60 + 50."""
    assert math.isclose(shared_errors(AUDITED) or 0, phi(400, 70, 110, 1600) or 1)


def test_its_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    dice, held = random.Random(8), 0
    for _ in range(400):
        cells = {}
        for name, cases, rate, read in (("c", 100, 0.4, 100), ("d", 3000, 0.05, 300)):
            ill = [dice.random() < rate for _ in range(cases)]
            cells[name] = Verified(cases, read, sum(ill[:read]))
        found = predictive(cells, "cd")
        assert found is not None
        held += found.low <= (40 + 150) / 3100 <= found.high
    assert 0.92 <= held / 400 <= 0.99
