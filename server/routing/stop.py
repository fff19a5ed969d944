"""The stop rule: what is counted of resolved cases leaves its limits, and two humans read every case (S2.9).

A share has left them when its whole interval lies outside: that of 998 in 1,000, the outer limits of a
control chart, for the rule is asked after every case. Misses are counted, not rated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from server.model import StopRule
from server.routing.interval import CONTROL, wilson

FEWEST = 10
"""Of fewer cases no share is told: it would be about single ones."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Resolved cases of one question and one model version, in the window."""

    asked: int
    declined: int
    compared: int
    discordant: int
    ended: int
    positive: int
    adjudicated: int
    missed: int


@dataclass(frozen=True, slots=True)
class Left:
    """A limit that was left."""

    what: str
    count: int
    of: int
    low: float
    high: float
    limit: str

    @property
    def sentence(self) -> str:
        if self.of < FEWEST:
            return f"{self.what}: {self.count}, {self.limit}"
        share = self.count / self.of
        found = f"{self.count} of {self.of}, {share:.1%} (interval {self.low:.1%} to {self.high:.1%})"
        return f"{self.what}: {found}, {self.limit}"


def left(rule: StopRule, counted: Counted) -> tuple[Left, ...]:
    """Every limit that is left now."""
    return tuple(_left(rule, counted))


def _left(rule: StopRule, counted: Counted) -> Iterator[Left]:
    shares = (
        ("discordance", counted.discordant, counted.compared, rule.discordance),
        ("positive", counted.positive, counted.ended, rule.positive),
        ("declined", counted.declined, counted.asked, _at_most(rule.declined_at_most)),
    )
    for what, count, of, limits in shares:
        if limits is None or of < rule.at_least:
            continue
        low, high = wilson(count, of, CONTROL)
        if low > limits[1]:
            yield Left(what, count, of, low, high, f"above {limits[1]:.1%}")
        elif high < limits[0]:
            yield Left(what, count, of, low, high, f"below {limits[0]:.1%}")
    if rule.missed_at_most is not None and counted.missed > rule.missed_at_most:
        low, high = wilson(counted.missed, counted.adjudicated, CONTROL)
        limit = f"more than {rule.missed_at_most} cases"
        yield Left("missed by the model", counted.missed, counted.adjudicated, low, high, limit)


def _at_most(share: float | None) -> tuple[float, float] | None:
    return None if share is None else (0.0, share)
