from __future__ import annotations

import math
import uuid

import pytest

from server.errors import Category, Fault
from server.routing.audit import MIN_KEY, drawn, swapped

KEY = b"0123456789abcdef"
OTHER = b"fedcba9876543210"
IDS = [str(uuid.UUID(int=number)) for number in range(20_000)]


def share(fraction, key=KEY):
    return sum(drawn(each, key, fraction) for each in IDS)


@pytest.mark.parametrize("fraction", [0.01, 0.05, 0.124, 0.5, 0.95])
def test_the_share_is_right(fraction):
    # Five standard deviations of a binomial: a fair lottery fails this once in 1.7 million keys.
    bound = 5 * math.sqrt(len(IDS) * fraction * (1 - fraction))
    assert abs(share(fraction) - len(IDS) * fraction) < bound


def test_nothing_and_everything_are_exact():
    assert share(0) == share(0.0) == 0
    assert share(1) == share(1.0) == len(IDS)


def test_a_case_is_drawn_once_and_for_all():
    assert [drawn(each, KEY, 0.5) for each in IDS[:200]] == [drawn(each, KEY, 0.5) for each in IDS[:200]]


def test_a_larger_share_keeps_the_cases_of_a_smaller_one():
    assert all(drawn(each, KEY, 0.2) for each in IDS if drawn(each, KEY, 0.1))


def test_another_key_draws_unrelated_cases():
    both = sum(drawn(each, KEY, 0.5) and drawn(each, OTHER, 0.5) for each in IDS)
    assert abs(both - len(IDS) / 4) < 5 * math.sqrt(len(IDS) * 0.25 * 0.75)


@pytest.mark.parametrize("key", [b"", b"short", KEY[:-1]])
def test_a_key_that_can_be_guessed_is_refused(key):
    with pytest.raises(Fault, match="at least 16 bytes") as refused:
        drawn("a", key, 0.5)
    assert refused.value.category is Category.BROKEN


def test_the_order_of_two_opinions_is_another_lot_than_the_audit_and_half_and_half():
    key = b"k" * MIN_KEY
    lots = [swapped(f"case-{n}", 1, key) for n in range(2_000)]
    audits = [drawn(f"case-{n}", key, 0.5) for n in range(2_000)]
    assert 900 < sum(lots) < 1_100
    assert 900 < sum(a == b for a, b in zip(lots, audits, strict=True)) < 1_100
    assert lots == [swapped(f"case-{n}", 1, key) for n in range(2_000)]
    assert lots != [swapped(f"case-{n}", 2, key) for n in range(2_000)]
