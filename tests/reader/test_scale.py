"""From log-odds to an answer."""

from __future__ import annotations

import math

import pytest

from server.model import Answer, Band
from server.reader.scale import columns, probability, row, self_tests
from tests.reader.build import CARD, VIRAL, inputs

BAND = Band(0.05, 0.7)


@pytest.mark.parametrize(
    ("chance", "said"),
    [
        (0.0, Answer.ABSENT),
        (0.05, Answer.ABSENT),
        (0.0501, None),
        (0.6999, None),
        (0.7, Answer.PRESENT),
        (1.0, Answer.PRESENT),
    ],
)
def test_between_the_thresholds_there_is_no_answer(chance: float, said: Answer | None) -> None:
    assert BAND.says(chance) is said


@pytest.mark.parametrize(
    ("log_odds", "chance"),
    [(0.0, 0.5), (2.0, 0.8807970779), (-2.0, 0.1192029220), (1000.0, 1.0), (-1000.0, 0.0)],
)
def test_the_logistic_does_not_overflow(log_odds: float, chance: float) -> None:
    assert probability(log_odds) == pytest.approx(chance)


def test_the_columns_are_the_contract_then_the_age() -> None:
    assert columns(CARD) == (
        "csf_wbc",
        "csf_neut_pct",
        "csf_gluc",
        "csf_prot",
        "blood_wbc",
        "blood_band_pct",
        "blood_gluc",
        "age_years",
    )


def test_what_was_not_measured_is_not_a_number() -> None:
    values = row(CARD, inputs(VIRAL).values)
    assert values[:4] + values[6:] == [102.0, 0.0, 58.0, 53.0, 68.0, pytest.approx(20, abs=0.02)]
    assert math.isnan(values[4])
    assert math.isnan(values[5])


def test_the_self_tests_differ_in_input_and_in_known_score() -> None:
    low, high = self_tests(CARD).values()
    assert all(a < b for a, b in zip(low, high, strict=True))
    assert CARD.calibration["self_test_low"] != CARD.calibration["self_test_high"]
