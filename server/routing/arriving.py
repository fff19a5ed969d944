"""When a study is complete. C-STORE does not say it; so it is decided, and the ground is recorded (D 3.3).

Best first: as many instances as somebody who knows has announced; else nothing new for a while; and where
some are known to be missing, a deadline. Every wait is a due date that the caller stores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from server.images import Ordered, Study
from server.model import ImageRules, Late


@dataclass(frozen=True, slots=True)
class Whole:
    """Complete, and by which rule."""

    rule: str
    """``expected-count``, ``quiet-period`` or ``deadline``."""
    objects: int
    expected: int | None


@dataclass(frozen=True, slots=True)
class Arriving:
    """Not yet; look again then, or when something comes."""

    until: datetime | None
    """None: only when something comes."""
    lacking: int
    """How many instances are known to be missing; 0 where nobody has said how many there are."""
    over: bool = False
    """Time has run out, and what has come is not to be read."""


def arrived(
    study: Study, ordered: Ordered, rules: ImageRules, opened_at: datetime, now: datetime
) -> Whole | Arriving:
    """Whether all of a study has come."""
    came, expected = len({each.sop_instance for each in study.objects}), ordered.expected
    if expected is not None:
        if came >= expected:
            return Whole("expected-count", came, expected)
        return _late(came, expected, rules, opened_at, now)
    quiet = max(_quiet(study, rules))
    return Whole("quiet-period", came, None) if quiet <= now else Arriving(quiet, 0)


def _late(
    came: int, expected: int, rules: ImageRules, opened_at: datetime, now: datetime
) -> Whole | Arriving:
    deadline = opened_at + rules.complete_within
    if now < deadline:
        return Arriving(deadline, expected - came)
    if rules.when_late is Late.GO:
        return Whole("deadline", came, expected)
    return Arriving(None, expected - came, over=rules.when_late is Late.DROP)


def _quiet(study: Study, rules: ImageRules) -> Iterator[datetime]:
    """When the study, and each of its series, will have been quiet for long enough."""
    yield study.changed_at + rules.quiet_study
    for each in study.objects:
        pause = rules.quiet_series.get(each.header.get("Modality", ""))
        if pause is not None:
            yield each.received_at + pause
