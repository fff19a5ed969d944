"""A share that may be told, with its interval; of a number that is not told, the range that it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.routing.interval import wilson
from server.routing.statistics import Estimate
from server.routing.stop import FEWEST
from server.routing.told import FEW, HIDDEN, Count

MOST = FEWEST - 1
"""That a number may be which is fewer than 10."""
Figure = dict[str, Any] | float | str


def share(count: Count, of: Count, rest: Count = HIDDEN) -> Figure:
    """With its interval; of a count below ten, or all but so many, what it is at most, or at least."""
    if not isinstance(of, int):
        return HIDDEN
    if isinstance(count, int):
        low, high = wilson(count, of)
        return {"count": count, "of": of, "share": count / of, "low": low, "high": high}
    if count == FEW:
        return {"count": FEW, "of": of, "atMost": min(MOST, of) / of, "high": wilson(min(MOST, of), of)[1]}
    if rest == FEW:
        least = max(0, of - MOST)
        return {"count": HIDDEN, "of": of, "atLeast": least / of, "low": wilson(least, of)[0]}
    return HIDDEN


def of_both(count: Count, rest: Count) -> Figure:
    """The share in two groups together, of which the one that is told is enough for a bound."""
    if isinstance(count, int) and isinstance(rest, int):
        return share(count, count + rest)
    if isinstance(rest, int):
        most = MOST / (MOST + rest)
        return {"count": FEW, "atMost": most, "high": wilson(MOST, MOST + rest)[1]}
    return HIDDEN


def ranged(found: Sequence[Estimate | None]) -> Figure:
    known = [each for each in found if each is not None]
    if not known or len(known) < len(found):
        return HIDDEN
    if len(known) == 1:
        return estimate(known[0])
    values = [each.value for each in known]
    low, high = min(each.low for each in known), max(each.high for each in known)
    return {"from": min(values), "to": max(values), "low": low, "high": high}


def estimate(found: Estimate | None) -> Figure:
    return HIDDEN if found is None else {"value": found.value, "low": found.low, "high": found.high}
