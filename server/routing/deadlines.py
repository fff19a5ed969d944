"""Every timer of a case as a due date, computed from a moment that the caller gives.

``due_by`` is the requester's own date, Task.restriction.period.end (R4 Task.restriction); no
deadline of ours lies beyond it. Once it has passed nothing is offered any more, and because a
case never closes by itself (second-reading S2.8) it waits for a person instead.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from server.model import Clock, Policy

FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=15)


def passed(due_by: datetime | None, now: datetime) -> bool:
    """Whether the requester's date leaves no time at all."""
    return due_by is not None and due_by <= now


def lapses_at(opened_at: datetime, policy: Policy, due_by: datetime | None) -> datetime:
    """Until when an incomplete case waits for what is missing."""
    return _no_later(opened_at + policy.incomplete_for, due_by)


def first_read_due(ready_at: datetime, policy: Policy, due_by: datetime | None) -> datetime:
    """Until when a complete case waits for the first report's signature."""
    return _no_later(ready_at + policy.first_read_within, due_by)


def referral_deadline(now: datetime, clock: Clock, due_by: datetime | None) -> datetime | None:
    """Until when a specialist's answer is of use; None: no time is left, hold the case.

    Ask again at each offer: one specialist's silence does not eat the next one's time (S2.8).
    """
    if passed(due_by, now):
        return None
    return _no_later(now + clock.accept_within + clock.answer_within, due_by)


def accept_by(now: datetime, clock: Clock, deadline: datetime) -> datetime:
    """Until when an offer made ``now`` may be accepted.

    When the requester's date leaves less than the full clock, accepting and answering shrink in
    the same proportion, so that whoever accepts at the last moment can still answer.
    """
    share = clock.accept_within / (clock.accept_within + clock.answer_within)
    return now + min(clock.accept_within, (deadline - now) * share)


def answer_by(accepted_at: datetime, clock: Clock, deadline: datetime) -> datetime:
    """Until when an accepted offer may be answered."""
    return _no_later(accepted_at + clock.answer_within, deadline)


def final_by(now: datetime, within: timedelta, due_by: datetime | None) -> datetime | None:
    """Until when a final answer is waited for; None: no time is left, the blind answer counts."""
    return None if passed(due_by, now) else _no_later(now + within, due_by)


def retry_delay(attempt: int, document: str) -> timedelta:
    """How long to wait after failed attempt 1, 2, ... of a document: 1 s, doubling to 15 min.

    Each wait is drawn from the upper half of its step, by a hash of document and attempt: the
    documents that one outage stopped do not all come back in the same second, and a test or an
    engineer can tell the time of the next attempt beforehand.

    Raises:
        ValueError: attempts are counted from 1.
    """
    if attempt < 1:
        raise ValueError("attempts are counted from 1")
    # Past 2**10 s the cap holds; the exponent stops there, so that no attempt can overflow.
    step = min(FIRST_RETRY * (1 << min(attempt - 1, 10)), LONGEST_RETRY)
    digest = hashlib.sha256(f"{document}\0{attempt}".encode()).digest()
    draw = int.from_bytes(digest[:4]) / (1 << 32)
    return max(FIRST_RETRY, step * (0.5 + draw / 2))


def _no_later(moment: datetime, limit: datetime | None) -> datetime:
    return moment if limit is None else min(moment, limit)
