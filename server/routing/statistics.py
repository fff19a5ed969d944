"""What two readers of the same cases have in common, in numbers (second-reading 5 and 5.1); pure formulas.

Kappa with Fleiss' standard error (Psychol Bull 72 (1969) 323-327), AC1 (Gwet, Br J Math Stat Psychol 61
(2008) 29-48), sensitivity and specificity where not every case was verified (Begg and Greenes, Biometrics 39
(1983) 207-215). What there is nothing of is None, never 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter

from server.routing.interval import USUAL


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Table:
    """First reader against model."""

    a: int
    """Both say present."""
    b: int
    """The model alone says present."""
    c: int
    """The first reader alone does."""
    d: int
    """Both say absent."""

    @property
    def n(self) -> int:
        return self.a + self.b + self.c + self.d

    @property
    def agreement(self) -> float | None:
        return _share(self.a + self.d, self.n)

    @property
    def positive(self) -> float | None:
        """Positive agreement: of what either calls present."""
        return _share(2 * self.a, 2 * self.a + self.b + self.c)

    @property
    def negative(self) -> float | None:
        return _share(2 * self.d, 2 * self.d + self.b + self.c)

    @property
    def prevalence(self) -> float | None:
        """Mean share of present of the two readers."""
        return _share(2 * self.a + self.b + self.c, 2 * self.n)

    @property
    def kappa(self) -> Estimate | None:
        """Cohen's; None where chance alone would make the readers agree on everything."""
        if not self.n:
            return None
        cells = [[each / self.n for each in row] for row in ((self.a, self.c), (self.b, self.d))]
        model = [sum(row) for row in cells]
        first = [sum(column) for column in zip(*cells, strict=True)]
        by_chance = sum(r * s for r, s in zip(model, first, strict=True))
        if by_chance >= 1:
            return None
        kappa = (cells[0][0] + cells[1][1] - by_chance) / (1 - by_chance)
        reach = USUAL * _fleiss(cells, model, first, kappa, by_chance) / math.sqrt(self.n)
        return Estimate(kappa, max(-1.0, kappa - reach), min(1.0, kappa + reach))

    @property
    def ac1(self) -> float | None:
        """Gwet's: it does not fall where a finding is rare, as kappa does."""
        agreement, rate = self.agreement, self.prevalence
        if agreement is None or rate is None:
            return None
        by_chance = 2 * rate * (1 - rate)
        return (agreement - by_chance) / (1 - by_chance)


def _fleiss(
    cells: Sequence[Sequence[float]],
    rows: Sequence[float],
    columns: Sequence[float],
    kappa: float,
    by_chance: float,
) -> float:
    """The standard error for n of 1; ``rows`` and ``columns`` are the sums of the shares in ``cells``."""
    same = sum(cells[i][i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2 for i in (0, 1))
    apart = sum(cells[i][1 - i] * (columns[i] + rows[1 - i]) ** 2 for i in (0, 1))
    expected = (kappa - by_chance * (1 - kappa)) ** 2
    return math.sqrt(max(0.0, same + (1 - kappa) ** 2 * apart - expected)) / (1 - by_chance)


@dataclass(frozen=True, slots=True)
class Verified:
    """One cell of the table, of which specialists have read some cases."""

    cases: int
    read: int
    """Drawn from the cases of the cell by lot, each with the same chance; or all of them."""
    present: int
    """Of those that were read: the specialist says present."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of one reader, among all cases."""

    sensitivity: Estimate | None
    specificity: Estimate | None


Cells = Mapping[str, Verified]
"""By cell, a to d."""
MODEL, FIRST = frozenset("ab"), frozenset("ac")
"""The cells in which a reader says present."""


def corrected(cells: Cells, positive: frozenset[str]) -> Accuracy | None:
    """Begg and Greenes': each cell counts whole, with the share that specialists saw among those they read.

    With one chance of being read in a cell the weights 1/pi of its cases cancel out within it, so that
    neither 1 nor the audit share is asked for here. None where a cell with cases has none that was read.
    """
    if any(each.cases and not each.read for each in cells.values()):
        return None
    ill = {name: _ill(each) for name, each in cells.items() if each.cases}
    well = {name: _ill(_turned(each)) for name, each in cells.items() if each.cases}
    return Accuracy(_ratio(ill, positive), _ratio(well, frozenset("abcd") - positive))


def _turned(cell: Verified) -> Verified:
    return Verified(cell.cases, cell.read, cell.read - cell.present)


def _ill(cell: Verified) -> tuple[float, float, float]:
    """How many cases of a cell have it; the same for the interval, and its variance.

    Of a cell that was read in part, half a case is added for the interval: no finding in ten audits is not
    certainty about the rest.
    """
    found = cell.cases * cell.present / cell.read
    if cell.read >= cell.cases:
        return found, found, found
    share = (cell.present + 0.5) / (cell.read + 1)
    spread = cell.cases * share * share + cell.cases * cell.cases * share * (1 - share) / cell.read
    return found, cell.cases * share, spread


def _ratio(of: Mapping[str, tuple[float, float, float]], named: frozenset[str]) -> Estimate | None:
    """The part of the named cells; interval on the log odds, by the delta method."""
    inside, outside = (
        [sum(v[i] for k, v in of.items() if (k in named) is within) for i in range(3)]
        for within in (True, False)
    )
    whole = inside[0] + outside[0]
    if whole <= 0:
        return None
    value = inside[0] / whole
    if inside[1] <= 0 or outside[1] <= 0:
        return Estimate(value, *_of_few(whole, value))
    middle = math.log(inside[1] / outside[1])
    reach = USUAL * math.sqrt(inside[2] / inside[1] ** 2 + outside[2] / outside[1] ** 2)
    low, high = (share_of_odds(middle + sign * reach) for sign in (-1, 1))
    return Estimate(value, min(low, value), max(high, value))


def _of_few(whole: float, value: float) -> tuple[float, float]:
    """Nothing on one side: Wilson's interval of all or none."""
    part = USUAL * USUAL / whole
    return (1 / (1 + part), 1.0) if value > 0 else (0.0, part / (1 + part))


def share_of_odds(log_odds: float) -> float:
    """The logistic function; far out it is 0 or 1."""
    return 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0


def brier(told: Sequence[tuple[float, bool]]) -> float | None:
    """Mean square of what probabilities are off by; of (probability of present, is present)."""
    return sum((p - is_so) ** 2 for p, is_so in told) / len(told) if told else None


def calibration_error(told: Sequence[tuple[float, bool]], bins: int = 10) -> float | None:
    """ECE with bins of as many cases each: how far the mean probability is from the share that is so."""
    off, n = list(_off(told)), len(told)
    if not n:
        return None
    edges = [n * each // bins for each in range(bins + 1)]
    return sum(abs(sum(off[low:high])) for low, high in pairwise(edges)) / n


def _off(told: Sequence[tuple[float, bool]]) -> Iterator[float]:
    """By how much each is off, by rising probability; those of one probability alike, in whichever bin."""
    for probability, alike in groupby(sorted(told), key=itemgetter(0)):
        so = [is_so for _, is_so in alike]
        yield from [probability - sum(so) / len(so)] * len(so)


def _share(count: int, of: int) -> float | None:
    return count / of if of else None
