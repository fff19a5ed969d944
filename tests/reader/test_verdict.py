"""From a score to the read that is sealed."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from server.errors import Category, Fault
from server.model import Answer
from server.reader.scale import Score, probability
from server.reader.verdict import declined, read
from tests.reader.build import BACTERIAL, CARD, NOW, inputs

SHARES = (0.5, -2.0, 1.0, 0.0, 0.25, 0.0, -0.125, 0.125)
GIVEN = inputs(BACTERIAL)


def score(log_odds: float) -> Score:
    return Score(log_odds, log_odds - sum(SHARES), SHARES)


@pytest.mark.parametrize(("log_odds", "said"), [(6.0, Answer.PRESENT), (-6.0, Answer.ABSENT), (0.0, None)])
def test_an_answer_follows_from_the_band(log_odds: float, said: Answer | None) -> None:
    made = read(CARD, GIVEN, score(log_odds), NOW)
    assert made.answer is said
    assert bool(made.reasons) is (said is None)
    assert (made.card, made.model_digest, made.input_digest) == (
        CARD.identity,
        CARD.model_digest,
        GIVEN.digest,
    )
    assert (made.made_at, made.sources, made.band) == (NOW, GIVEN.sources, CARD.band)


def test_contributions_add_up_to_the_calibrated_log_odds_weightiest_first() -> None:
    made = read(CARD, GIVEN, score(1.0), NOW)
    assert made.baseline_log_odds is not None
    total = made.baseline_log_odds + sum(part.log_odds for part in made.contributions)
    assert probability(total) == pytest.approx(made.probability)
    weights = [abs(part.log_odds) for part in made.contributions]
    assert weights == sorted(weights, reverse=True)
    assert len(weights) == len(SHARES)


def test_a_contribution_names_value_and_unit() -> None:
    parts = {
        part.feature: (part.label, part.value, part.unit)
        for part in read(CARD, GIVEN, score(1.0), NOW).contributions
    }
    assert parts["csf_wbc"] == ("CSF leukocytes", "4850", "/uL")
    assert parts["blood_gluc"] == ("Blood glucose", "not measured", "")


@pytest.mark.parametrize("slope", [math.nan, math.inf])
def test_a_probability_that_is_no_number_is_never_an_answer(slope: float) -> None:
    card = replace(CARD, calibration={**CARD.calibration, "slope": slope})
    with pytest.raises(Fault) as caught:
        read(card, GIVEN, score(0.0), NOW)
    assert caught.value.category is Category.BROKEN


def test_outside_the_trained_ranges_it_declines_with_the_reasons() -> None:
    given = inputs(BACTERIAL | {"csf_wbc": "100000"})
    made = declined(CARD, given, NOW)
    assert (made.answer, made.probability, made.contributions) == (None, None, ())
    assert made.reasons == ("CSF leukocytes is outside the trained range, 0 to 40000 /uL",)
