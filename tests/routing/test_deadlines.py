from __future__ import annotations

from datetime import timedelta

import pytest

from server.model import Clock
from server.routing.deadlines import (
    accept_by,
    answer_by,
    first_read_due,
    lapses_at,
    passed,
    referral_deadline,
    retry_delay,
)

from .nouns import NOW, a_policy, hours

URGENT = Clock(hours(0.5), hours(1))
ROUTINE = Clock(hours(24), hours(72))
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("due_by", "answer"), [(None, False), (NOW + MINUTE, False), (NOW, True), (NOW - MINUTE, True)]
)
def test_passed(due_by, answer):
    assert passed(due_by, NOW) is answer


@pytest.mark.parametrize("timer", [lapses_at, first_read_due])
@pytest.mark.parametrize(
    ("due_in", "waits"), [(None, hours(10)), (hours(11), hours(10)), (hours(3), hours(3)), (-MINUTE, -MINUTE)]
)
def test_a_wait_ends_with_the_requesters_date(timer, due_in, waits):
    policy = a_policy(incomplete_for=hours(10), first_read_within=hours(10))
    due_by = None if due_in is None else NOW + due_in
    assert timer(NOW, policy, due_by) == NOW + waits


def test_the_two_waits_are_different_settings():
    policy = a_policy(incomplete_for=hours(1), first_read_within=hours(2))
    assert lapses_at(NOW, policy, None) == NOW + hours(1)
    assert first_read_due(NOW, policy, None) == NOW + hours(2)


@pytest.mark.parametrize(
    ("due_in", "deadline"),
    [
        (None, hours(1.5)),
        (hours(2), hours(1.5)),
        (hours(1.5), hours(1.5)),
        (hours(0.75), hours(0.75)),
        (timedelta(0), None),
        (-MINUTE, None),
    ],
)
def test_referral_deadline(due_in, deadline):
    found = referral_deadline(NOW, URGENT, None if due_in is None else NOW + due_in)
    assert found == (None if deadline is None else NOW + deadline)


@pytest.mark.parametrize(
    ("clock", "left", "accept"),
    [
        (URGENT, hours(1.5), hours(0.5)),
        (URGENT, hours(9), hours(0.5)),
        (URGENT, hours(0.75), hours(0.25)),
        (ROUTINE, hours(96), hours(24)),
        (ROUTINE, hours(8), hours(2)),
    ],
)
def test_accepting_leaves_time_to_answer(clock, left, accept):
    assert accept_by(NOW, clock, NOW + left) == NOW + accept


def test_answer_by():
    assert answer_by(NOW, URGENT, NOW + hours(9)) == NOW + hours(1)
    assert answer_by(NOW, URGENT, NOW + MINUTE) == NOW + MINUTE


def test_whoever_accepts_at_the_last_moment_can_still_answer():
    deadline = referral_deadline(NOW, URGENT, NOW + hours(1))
    assert deadline is not None
    accepted = accept_by(NOW, URGENT, deadline)
    assert accepted < answer_by(accepted, URGENT, deadline) <= deadline


@pytest.mark.parametrize(
    ("attempt", "low", "high"),
    [(1, 1, 1), (2, 1, 2), (3, 2, 4), (4, 4, 8), (10, 256, 512), (11, 450, 900), (5_000, 450, 900)],
)
def test_retries_double_up_to_a_quarter_of_an_hour(attempt, low, high):
    waits = [retry_delay(attempt, f"doc-{number}").total_seconds() for number in range(200)]
    assert low <= min(waits) <= max(waits) <= high
    if high > 1:  # drawn over the whole half step, not from one point of it
        assert max(waits) - min(waits) > 0.9 * (high - low)


def test_a_retry_can_be_told_beforehand():
    assert retry_delay(7, "doc") == retry_delay(7, "doc")
    assert retry_delay(7, "doc") != retry_delay(7, "other")
    assert retry_delay(12, "doc") != retry_delay(13, "doc")


def test_waits_never_shrink_before_the_cap():
    waits = [retry_delay(attempt, "doc") for attempt in range(1, 11)]
    assert waits == sorted(waits)


@pytest.mark.parametrize("attempt", [0, -1])
def test_attempts_are_counted_from_one(attempt):
    with pytest.raises(ValueError, match="from 1"):
        retry_delay(attempt, "doc")
