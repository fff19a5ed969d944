"""What a reader's word is worth: predictive values where not every case was verified, and shared errors."""

from __future__ import annotations

import math
from collections.abc import Iterable

from server.routing.interval import USUAL, wilson
from server.routing.paired import phi
from server.routing.statistics import Cells, Estimate, share_of_odds


def predictive(cells: Cells, named: Iterable[str]) -> Estimate | None:
    """Of the cases in these cells the share that has it; each cell weighs as much as it has cases.

    The interval on the log odds, by the delta method; the spread is that of the audits within the cells, with
    half a case added, and that between the cells. Where all were read it is Wilson's.
    """
    of = [cells[name] for name in named if cells[name].cases]
    whole = sum(each.cases for each in of)
    if not whole or any(not each.read for each in of):
        return None
    value = sum(each.cases * each.present / each.read for each in of) / whole
    if all(each.read >= each.cases for each in of):
        return Estimate(value, *wilson(value * whole, whole))
    shares = [(each, (each.present + 0.5) / (each.read + 1)) for each in of]
    middle = sum(each.cases * p for each, p in shares) / whole
    spread = sum(
        each.cases * (p - middle) ** 2 + each.cases**2 * p * (1 - p) / each.read for each, p in shares
    )
    reach = USUAL * math.sqrt(spread) / (whole * middle * (1 - middle))
    low, high = (share_of_odds(math.log(middle / (1 - middle)) + sign * reach) for sign in (-1, 1))
    return Estimate(value, min(low, value), max(high, value))


def turned(found: Estimate | None) -> Estimate | None:
    """Of the rest."""
    return None if found is None else Estimate(1 - found.value, 1 - found.high, 1 - found.low)


def shared_errors(cells: Cells) -> float | None:
    """Phi of the errors of model and first reader among all cases, with the specialist's answer as right."""
    if any(each.cases and not each.read for each in cells.values()):
        return None
    ill = {k: v.cases * v.present / v.read if v.cases else 0.0 for k, v in cells.items()}
    well = {k: v.cases - ill[k] for k, v in cells.items()}
    return phi(well["a"] + ill["d"], well["b"] + ill["c"], ill["b"] + well["c"], ill["a"] + well["d"])
