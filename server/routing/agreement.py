"""Intervals of the figures that are printed beside kappa; of closed forms, no bootstrap.

Positive agreement is 2q / (1 + q) of the share q = a / (a + b + c), rising with it, so that Wilson's limits
of q give its own; negative agreement likewise with d (Graham and Bull, J Clin Epidemiol 51 (1998) 763-771,
have the delta method for the same figures). AC1 with Gwet's variance (Br J Math Stat Psychol 61 (2008) 29-48,
for two raters, without finite population). Prevalence is a mean of 1, 1/2 and 0 for each case: Wilson's
interval of as many cases as would vary so much one by one (Kish, Survey Sampling (1965), effective size).
"""

from __future__ import annotations

import math

from server.routing.interval import USUAL, wilson
from server.routing.statistics import Estimate, Table


def positive(table: Table) -> Estimate | None:
    return _dice(table.a, table.b + table.c)


def negative(table: Table) -> Estimate | None:
    return _dice(table.d, table.b + table.c)


def _dice(both: int, apart: int) -> Estimate | None:
    if not both + apart:
        return None
    low, high = (2 * q / (1 + q) for q in wilson(both, both + apart))
    return Estimate(2 * both / (2 * both + apart), low, high)


def ac1(table: Table) -> Estimate | None:
    value, rate, n = table.ac1, table.prevalence, table.n
    if value is None or rate is None:
        return None
    agree, chance = (table.a + table.d) / n, 2 * rate * (1 - rate)
    cells = ((table.a, rate, rate), (table.b + table.c, rate, 1 - rate), (table.d, 1 - rate, 1 - rate))
    same = (table.a * (1 - rate) + table.d * rate) / n - agree * chance
    square = sum(count / n * (1 - (one + other) / 2) ** 2 for count, one, other in cells) - chance**2
    spread = agree * (1 - agree) - 4 * (1 - value) * same + 4 * (1 - value) ** 2 * square
    reach = USUAL * math.sqrt(max(0.0, spread) / n) / (1 - chance)
    return Estimate(value, max(-1.0, value - reach), min(1.0, value + reach))


def prevalence(table: Table) -> Estimate | None:
    rate, n = table.prevalence, table.n
    if rate is None:
        return None
    spread = (table.a + (table.b + table.c) / 4) / n - rate * rate
    alone = n if spread <= 0 else n * rate * (1 - rate) / spread
    return Estimate(rate, *wilson(rate * alone, alone))
