"""How long something lasts, where some of it is still going on: Kaplan and Meier's estimate.

J Am Stat Assoc 53 (1958) 457-481. What still goes on, or was broken off, has lasted at least so long: it is
among those at risk until then, and no end. The quantile p is the first time by which a share of p or more has
ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

Wait = tuple[float, bool]
"""How long, and whether it has ended."""


def quantile(waits: Sequence[Wait], share: float) -> float | None:
    """None where less than that has ended at any time."""
    return next((at for at, left in _curve(waits) if left <= 1 - share + 1e-12), None)


def _curve(waits: Sequence[Wait]) -> Iterator[tuple[float, float]]:
    """At each time at which one ended, the share that lasts longer."""
    at_risk, left = len(waits), 1.0
    for at, some in groupby(sorted(waits), key=lambda wait: wait[0]):
        ended = [has_ended for _, has_ended in some]
        if any(ended):
            left *= 1 - sum(ended) / at_risk
            yield at, left
        at_risk -= len(ended)
