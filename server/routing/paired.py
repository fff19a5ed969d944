"""Two readers of the same cases: which of them is right more often, and whether they err together.

McNemar's test (Psychometrika 12 (1947) 153-157): exact, by the binomial distribution, where they differ in
fewer than 25 cases, else by chi square without a correction. Phi of two errors as in second-reading S5.4.
"""

from __future__ import annotations

import math

EXACT_BELOW = 25


def mcnemar(one: int, other: int) -> float:
    """The two-sided p value of cases in which the one alone is right, and the other alone."""
    n = one + other
    if n == 0:
        return 1.0
    if n < EXACT_BELOW:
        tail = sum(math.comb(n, k) for k in range(min(one, other) + 1))
        return min(1.0, 2.0 * tail / float(2**n))
    return math.erfc(math.sqrt((one - other) ** 2 / n / 2))


def phi(both: float, one: float, other: float, neither: float) -> float | None:
    """Of cases in which both err, one alone, the other alone, neither; None: one of them never or always."""
    whole = both + one + other + neither
    margins = (both + one) * (both + other) * (whole - both - one) * (whole - both - other)
    return (both * whole - (both + one) * (both + other)) / math.sqrt(margins) if margins > 0 else None
