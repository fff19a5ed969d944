"""How far two shares are apart, with 95 % intervals: their difference, and their ratio.

The difference by Newcombe's hybrid score interval (Stat Med 17 (1998) 873-890, method 10): it is made of the
two shares' own intervals, so it holds for corrected estimates as well (Zou and Donner, Stat Med 27 (2008)
1693-1702). The ratio on the log scale (Katz and others, Biometrics 34 (1978) 469-474); of estimates that are
no counts, with the width that their intervals have on that scale.
"""

from __future__ import annotations

import math

from server.routing.interval import USUAL
from server.routing.statistics import Estimate


def difference(one: Estimate, other: Estimate) -> Estimate:
    """One less the other."""
    apart = one.value - other.value
    below = math.hypot(one.value - one.low, other.high - other.value)
    above = math.hypot(one.high - one.value, other.value - other.low)
    return Estimate(apart, max(-1.0, apart - below), min(1.0, apart + above))


def ratio_of_counts(one: tuple[int, int], other: tuple[int, int]) -> Estimate | None:
    """(Count, of) each; None where either is none of its cases."""
    if not (one[0] and other[0]):
        return None
    spread = sum(1 / count - 1 / cases for count, cases in (one, other))
    return _about(one[0] / one[1] * other[1] / other[0], USUAL * math.sqrt(spread))


def ratio(one: Estimate, other: Estimate) -> Estimate | None:
    """None where a share, or what it may be at least, is 0."""
    if min(one.low, other.low) <= 0:
        return None
    wide = math.hypot(*(math.log(each.high / each.low) / 2 for each in (one, other)))
    return _about(one.value / other.value, wide)


def _about(value: float, reach: float) -> Estimate:
    return Estimate(value, value * math.exp(-reach), value * math.exp(reach))
