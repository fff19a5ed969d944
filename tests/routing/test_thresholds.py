from __future__ import annotations

from dataclasses import replace

import pytest

from server.model import Answer, Band
from server.routing.thresholds import at_thresholds

from .nouns import an_ai_read

OWN = Band(0.1, 0.7)


@pytest.mark.parametrize(
    ("probability", "said"),
    [(0.0, Answer.ABSENT), (0.1, Answer.ABSENT), (0.11, None), (0.69, None), (0.7, Answer.PRESENT)],
)
def test_from_where_on_it_is_an_answer(probability, said):
    assert OWN.says(probability) is said
    read = at_thresholds(replace(an_ai_read(Answer.PRESENT), probability=probability), OWN)
    assert (read.answer, read.band) == (said, OWN)
    assert bool(read.reasons) is (said is None)


def test_what_the_card_calls_unsure_may_be_an_answer_here():
    unsure = replace(an_ai_read(None, "between"), probability=0.05)
    read = at_thresholds(unsure, OWN)
    assert (read.answer, read.reasons) == (Answer.ABSENT, ())


def test_a_decline_without_a_probability_stays_one():
    outside = replace(an_ai_read(None, "another film"), probability=None)
    assert at_thresholds(outside, OWN) is outside


def test_without_thresholds_of_its_own_a_policy_changes_nothing():
    read = an_ai_read(Answer.ABSENT)
    assert at_thresholds(read, None) is read
