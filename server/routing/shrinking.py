"""What little is known of a reader, drawn towards what all readers do: empirical Bayes for shares and times.

A share of n reads is a beta-binomial draw: with the prior Beta(m mu, m (1 - mu)) the expected share after
x of n is (x + m mu) / (n + m). mu and m are those of the directory itself, by moments: Kleinman, Proportions
with Extraneous Variance, J Am Stat Assoc 68 (1973) 46-54, with weights w = n / sum n. A time is a draw from
an exponential, and who never answered has still waited so long: the estimate is all that was waited by the
number of answers (Epstein and Sobel, Life Testing, J Am Stat Assoc 48 (1953) 486-502), here with
``PRIOR_ANSWERS`` answers of the expected length added, as its conjugate prior does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

PRIOR_ANSWERS = 3
"""How many measured answers weigh as much as what was expected before."""
_LEAST, _MOST = 1.0, 1000.0
_UNKNOWN = 10.0
"""Reads that the prior weighs where the directory is too small to tell how far readers differ."""

Counted = tuple[int, int]
"""Right, and adjudicated."""


@dataclass(frozen=True, slots=True)
class Prior:
    """What is expected of a reader of whom nothing is known, and how many reads that weighs."""

    mean: float
    weight: float

    def share(self, right: int, of: int) -> float:
        """The expected share of a reader with so many right of so many."""
        return (right + self.weight * self.mean) / (of + self.weight)

    def own(self, of: int) -> float:
        """How much of it is the reader's own: 0 with no reads, towards 1 with many."""
        return of / (of + self.weight)


def prior_of(counts: Sequence[Counted]) -> Prior:
    """The prior of these readers; those without reads say nothing."""
    counted = [(right, of) for right, of in counts if of > 0]
    whole = sum(of for _, of in counted)
    # One right and one wrong added: no mean is 0 or 1, where nothing could vary.
    mean = (sum(right for right, _ in counted) + 1) / (whole + 2)
    spread = _spread(counted, whole, mean) if len(counted) > 1 else None
    if spread is None:
        return Prior(mean, _UNKNOWN)
    return Prior(mean, min(_MOST, max(_LEAST, (1 - spread) / spread)) if spread > 0 else _MOST)


def _spread(counted: Sequence[Counted], whole: int, mean: float) -> float | None:
    """Kleinman's gamma, 1 / (m + 1): what of the variance lies between readers; None: cannot be told."""
    by_chance = between = seen = 0.0
    for right, of in counted:
        weight = of / whole
        by_chance += weight * (1 - weight) / of
        between += weight * (1 - weight)
        seen += weight * (right / of - mean) ** 2
    if between <= by_chance:  # one read each
        return None
    return (seen / (mean * (1 - mean)) - by_chance) / (between - by_chance)


def expected_time(prior: timedelta, waited: timedelta, answered: int) -> timedelta:
    """How long an answer takes of somebody who gave so many in so much waiting."""
    return (PRIOR_ANSWERS * prior + waited) / (PRIOR_ANSWERS + answered)
