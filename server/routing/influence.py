"""What specialists changed when they were shown both opinions, unnamed: blind answer against final one.

Of disputed cases that a specialist has read. Those who ended with the model are told apart by whether they
had answered blind as the first reader did; those who ended with the first reader likewise. Both parts of each
are told or neither: with what specialists have made of disagreement, the one would tell the other.
"""

from __future__ import annotations

from collections.abc import Iterable

from server.model import Alike
from server.routing.shares import Figure, share
from server.routing.told import HIDDEN, Count, Told, halves


def influence(rows: Iterable[Alike], told: Told) -> dict[str, Figure]:
    """``told``: of the same rows."""
    of = [r for r in rows if r.asked and r.first and r.model and r.first is not r.model and r.final]
    to_model = sum(r.cases for r in of if r.final is r.model and r.blind is r.first)
    to_first = sum(r.cases for r in of if r.final is r.first and r.blind is r.model)
    return {
        "towardsModel": _turned(to_model, told.sided.present),
        "towardsFirst": _turned(to_first, told.sided.absent),
    }


def _turned(count: int, ended: Count) -> Figure:
    if not isinstance(ended, int):
        return HIDDEN
    one, rest = halves(count, ended - count, ended)
    return share(one, ended, rest)
