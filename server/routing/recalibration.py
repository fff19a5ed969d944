"""How a model's probabilities would have to be bent to be right: slope and intercept (second-reading 5).

Of the logistic regression of what is so on the log odds that the model gave (Cox, Biometrika 45 (1958)
562-565): slope 1 and intercept 0 are right; a slope below 1 means that the model is too sure of itself. By
Newton's steps, with the intervals of the information matrix.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from server.routing.interval import USUAL
from server.routing.statistics import Estimate, share_of_odds

_STEPS, _NEAR = 50, 1e-9
_SURE = 1e-6
"""No probability counts as surer than that: of certainty the log odds have no end."""


@dataclass(frozen=True, slots=True)
class Bent:
    slope: Estimate
    intercept: Estimate


def recalibration(told: Sequence[tuple[float, bool]]) -> Bent | None:
    """None where no slope fits: probabilities are all alike, or tell the two kinds apart without fail."""
    odds = [_log_odds(p) for p, _ in told]
    intercept, slope = 0.0, 0.0
    for _ in range(_STEPS):
        fitted = [share_of_odds(intercept + slope * x) for x in odds]
        a, b, d = _information(odds, fitted)
        whole = a * d - b * b
        if whole <= _NEAR:
            return None
        off = [is_so - p for (_, is_so), p in zip(told, fitted, strict=True)]
        left, right = sum(off), sum(o * x for o, x in zip(off, odds, strict=True))
        step = (d * left - b * right) / whole, (a * right - b * left) / whole
        intercept, slope = intercept + step[0], slope + step[1]
        if max(map(abs, step)) < _NEAR:
            return Bent(_with(slope, a / whole), _with(intercept, d / whole))
    return None


def _information(odds: Sequence[float], fitted: Sequence[float]) -> tuple[float, float, float]:
    weights = [p * (1 - p) for p in fitted]
    pairs = list(zip(weights, odds, strict=True))
    return sum(weights), sum(w * x for w, x in pairs), sum(w * x * x for w, x in pairs)


def _with(value: float, spread: float) -> Estimate:
    reach = USUAL * math.sqrt(spread)
    return Estimate(value, value - reach, value + reach)


def _log_odds(probability: float) -> float:
    sure = min(1 - _SURE, max(_SURE, probability))
    return math.log(sure / (1 - sure))
