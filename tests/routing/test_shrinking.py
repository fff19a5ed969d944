from __future__ import annotations

import random

import pytest

from server.routing.shrinking import PRIOR_ANSWERS, Prior, expected_time, prior_of

from .nouns import hours


@pytest.mark.parametrize(
    ("right", "of", "share", "own"),
    [
        (0, 0, 0.8, 0.0),
        (1, 1, 9 / 11, 1 / 11),
        (0, 1, 8 / 11, 1 / 11),
        (9, 10, 17 / 20, 0.5),
        (900, 1000, 908 / 1010, 1000 / 1010),
    ],
)
def test_the_expected_share_of_a_beta_prior(right, of, share, own):
    prior = Prior(0.8, 10)
    assert prior.share(right, of) == pytest.approx(share)
    assert prior.own(of) == pytest.approx(own)


def test_one_lucky_read_does_not_beat_a_long_record():
    prior = prior_of([(1, 1), (190, 200), (80, 100), (85, 100), (95, 100), (60, 100)])
    assert prior.share(1, 1) < prior.share(190, 200)
    assert prior.share(0, 1) > prior.share(60, 100)


def test_kleinmans_moments_by_hand() -> None:
    # w = 1/2 each, mean (11 + 1) / (20 + 2), gamma = (seen / (mean (1 - mean)) - A) / (B - A).
    mean = 12 / 22
    seen = ((0.7 - mean) ** 2 + (0.4 - mean) ** 2) / 2
    gamma = (seen / (mean * (1 - mean)) - 0.05) / (0.5 - 0.05)
    found = prior_of([(7, 10), (4, 10)])
    assert found.mean == pytest.approx(mean)
    assert found.weight == pytest.approx((1 - gamma) / gamma)


@pytest.mark.parametrize(
    ("counts", "mean", "weight"),
    [
        ([], 0.5, 10),
        ([(0, 0)], 0.5, 10),
        ([(8, 10)], 9 / 12, 10),
        ([(1, 1), (0, 1)], 0.5, 10),
        ([(50, 100), (50, 100), (50, 100)], 151 / 302, 1000),
        ([(100, 100), (100, 100)], 201 / 202, 1000),
        ([(100, 100), (0, 100)], 0.5, 1),
    ],
)
def test_what_cannot_be_told_has_an_answer_too(counts, mean, weight):
    found = prior_of(counts)
    assert (found.mean, found.weight) == (pytest.approx(mean), pytest.approx(weight))


def test_the_prior_that_made_the_counts_is_found_again() -> None:
    draw = random.Random(7)
    counts = []
    for _ in range(4000):
        share, of = draw.betavariate(24, 6), draw.randint(5, 60)
        counts.append((sum(draw.random() < share for _ in range(of)), of))
    found = prior_of(counts)
    assert found.mean == pytest.approx(0.8, abs=0.01)
    assert found.weight == pytest.approx(30, rel=0.15)


@pytest.mark.parametrize(
    ("waited", "answered", "expected"),
    [(0, 0, 2), (1, 1, 7 / 4), (100, 97, 1.06), (6, 0, 4)],
)
def test_an_expected_time(waited, answered, expected):
    found = expected_time(hours(2), hours(waited), answered)
    assert found.total_seconds() == pytest.approx(hours(expected).total_seconds())
    assert PRIOR_ANSWERS == 3
