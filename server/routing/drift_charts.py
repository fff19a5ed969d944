"""The formulas by which drift is found (second-reading 5): cumulated sums, a p-chart, and the PSI.

What each can find, and how often chance alone alarms, is said in ``server.routing.drift``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, lgamma, log, log1p
from statistics import NormalDist

TAIL = 0.001
"""On each side of the limits of a chart: 998 in 1,000 lie within."""
BINS = 10
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Climb:
    """One side of a cumulated sum."""

    now: float
    part: float
    """Of the limit."""
    crossed: int | None
    """Which step was the first to lead above the limit, counted from 0; later ones do not undo it."""


def climb(steps: Iterable[float], limit: float) -> Climb:
    """``S(0) = 0, S(t) = max(0, S(t-1) + step(t))``; an alarm where ``S > limit``.

    E. S. Page, Continuous inspection schemes, Biometrika 41 (1954) 100-115.
    """
    level, crossed = 0.0, None
    for number, step in enumerate(steps):
        level = max(0.0, level + step)
        if crossed is None and level > limit:
            crossed = number
    return Climb(level, level / limit, crossed)


def weights(share: float, ratio: float) -> tuple[float, float]:
    """What one present, and one absent, adds to the sum that looks for odds ``ratio`` times as high.

    The log-likelihood ratio: with ``odds = ratio * p / (1 - p)`` and ``q = odds / (1 + odds)`` it is
    ``ln(q / p)`` for a present and ``ln((1 - q) / (1 - p))`` for an absent. A ratio below 1 looks for a fall.
    M. R. Reynolds, Z. G. Stoumbos, A CUSUM chart for monitoring a proportion when inspecting continuously,
    J Qual Technol 31 (1999) 87-108; with an odds ratio S. H. Steiner et al., Biostatistics 1 (2000) 441-452.
    """
    odds = ratio * share / (1 - share)
    other = odds / (1 + odds)
    return log(other / share), log((1 - other) / (1 - share))


def smoothed(count: int, of: int) -> float:
    """A share that is never 0 or 1, so that its logarithm exists: ``(count + 1/2) / (of + 1)``."""
    return (count + 0.5) / (of + 1)


def scale(baseline: Sequence[float]) -> Callable[[float], float]:
    """Makes standard values of scores: ``place`` less its mean over the baseline.

    Their mean over the baseline is 0 and their variance at most 1 whatever the model's scores look like. A
    plain ``(x - mean) / sd`` has these, too, but of a rare finding most scores are near 0 and a few near 1,
    and one of these would be a quarter of an alarm.
    """
    middle = sum(place(each, baseline) for each in baseline) / len(baseline)
    return lambda score: place(score, baseline) - middle


def place(score: float, baseline: Sequence[float]) -> float:
    """Where a score stands among the sorted ones of the baseline, as a standard normal value.

    ``Phi^-1((below + equal / 2 + 1/2) / (m + 1))``: van der Waerden's score (W. J. Conover, Practical
    Nonparametric Statistics, 3rd ed. 1999, 5.10).
    """
    below = bisect_left(baseline, score)
    equal = bisect_right(baseline, score) - below
    return _NORMAL.inv_cdf((below + equal / 2 + 0.5) / (len(baseline) + 1))


@lru_cache(maxsize=4096)
def limits(share: float, of: int) -> tuple[int, int]:
    """The lowest and the highest count of ``of`` that a p-chart around ``share`` allows.

    The exact binomial ones: the outermost that are reached with more than 0.001 on their side. The usual
    ``p +- 3.09 sqrt(p (1 - p) / n)`` is left four times as often where p is 5 % and n is 100.
    """
    chances = [_binomial(count, of, share) for count in range(of + 1)]
    return _within(chances), of - _within(chances[::-1])


def _within(chances: Sequence[float]) -> int:
    total = 0.0
    for count, chance in enumerate(chances):
        total += chance
        if total > TAIL:
            return count
    return len(chances) - 1


def _binomial(count: int, of: int, share: float) -> float:
    ways = lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)
    return exp(ways + count * log(share) + (of - count) * log1p(-share))


def edges(baseline: Sequence[float]) -> list[float]:
    """Between bins that hold as many of the sorted scores each; equal scores are in one bin."""
    cuts = (baseline[len(baseline) * number // BINS] for number in range(1, BINS))
    return sorted({each for each in cuts if each > baseline[0]})


def stability(baseline: Sequence[float], now: Sequence[float]) -> float:
    """Population stability index: ``sum over bins of (p - q) ln(p / q)``; p of the baseline, q of now.

    Bins are of equal mass in the (sorted) baseline. Each has half a case more than were counted, so that an
    empty one has a logarithm. Chance alone makes some ``(bins - 1) (1 / m + 1 / n)`` of it.
    """
    between = edges(baseline)
    first, second = _shares(baseline, between), _shares(now, between)
    return sum((p - q) * log(p / q) for p, q in zip(first, second, strict=True))


def _shares(scores: Sequence[float], between: Sequence[float]) -> list[float]:
    counts = [0.5] * (len(between) + 1)
    for each in scores:
        counts[bisect_right(between, each)] += 1
    whole = sum(counts)
    return [each / whole for each in counts]
