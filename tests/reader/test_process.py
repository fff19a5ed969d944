"""What a model's process may answer."""

from __future__ import annotations

import math

import pytest

from server.errors import Category, Fault
from server.reader.process import _must_add_up
from server.reader.scale import Score


@pytest.mark.parametrize(
    ("score", "wrong"),
    [
        (Score(1.0, 0.25, (0.5, 0.25)), ""),
        (Score(1.0005, 0.25, (0.5, 0.25)), ""),
        (Score(1.01, 0.25, (0.5, 0.25)), "add up"),
        (Score(0.0, 0.25, (0.5, 0.25)), "add up"),
        (Score(1.0, 0.25, (0.75,)), "add up"),
        (Score(math.nan, 0.25, (0.5, 0.25)), "not a number"),
        (Score(math.inf, 0.25, (0.5, 0.25)), "not a number"),
        (Score(1.0, 0.25, (math.nan, 0.25)), "not a number"),
    ],
)
def test_an_answer_adds_up_or_is_a_broken_model(score: Score, wrong: str) -> None:
    if not wrong:
        _must_add_up(score, 2)
        return
    with pytest.raises(Fault, match=wrong) as caught:
        _must_add_up(score, 2)
    assert caught.value.category is Category.BROKEN
