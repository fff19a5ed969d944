"""The difficulty of a case that all readers share: a standard normal variable on 801 points (6.1).

Readers are independent of one another at each point. Summing over the points, and drawing nothing, gives
the same digits every time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

Curve = tuple[float, ...]
"""A probability at each point of difficulty."""

_POINTS: Final = 801
_REACH: Final = 8.0
_STEP: Final = 2 * _REACH / (_POINTS - 1)
DIFFICULTIES: Final = tuple(-_REACH + _STEP * point for point in range(_POINTS))
WEIGHTS: Final = tuple(math.exp(-z * z / 2) / math.sqrt(2 * math.pi) * _STEP for z in DIFFICULTIES)
NEVER: Final[Curve] = (0.0,) * _POINTS


def mean(curve: Iterable[float]) -> float:
    """Over all difficulties."""
    return sum(weight * each for weight, each in zip(WEIGHTS, curve, strict=True))


def normal(value: float) -> float:
    """The standard normal distribution function."""
    return 0.5 * math.erfc(-value / math.sqrt(2))


def quantile(probability: float) -> float:
    """Its inverse, by bisection."""
    low, high = -9.0, 9.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if normal(middle) < probability else (low, middle)
    return (low + high) / 2


def above(threshold: float, correlation: float) -> Curve:
    """How probably a score lies above a threshold, at each difficulty; on average ``normal(threshold)``."""
    shared, own = math.sqrt(correlation), math.sqrt(1 - correlation)
    return tuple(normal((threshold - shared * z) / own) for z in DIFFICULTIES)
