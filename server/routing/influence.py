"""What specialists changed when they were shown both opinions, unnamed: blind answer against final one.

Of disputed cases that a specialist has read. Those who ended with the model are told apart by whether they
had answered blind as the first reader did; those who ended with the first reader likewise. Both parts of each
are told or neither: with what specialists have made of disagreement, the one would tell the other. Of results
from before blind answers were kept (migration 0018) nobody knows who turned: these are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from server.model import Alike
from server.routing.shares import Figure, share
from server.routing.stop import FEWEST
from server.routing.told import HIDDEN, Count, Told, halves


def influence(rows: Iterable[Alike], told: Told) -> dict[str, Figure]:
    """``told``: of the same rows."""
    of = [r for r in rows if r.asked and r.first and r.model and r.first is not r.model and r.final]
    to_model = [r for r in of if r.final is r.model]
    to_first = [r for r in of if r.final is r.first]
    return {
        "towardsModel": _turned(to_model, told.sided.present),
        "towardsFirst": _turned(to_first, told.sided.absent),
    }


def _turned(rows: Sequence[Alike], ended: Count) -> Figure:
    """Of those whose blind answer is kept: of a few that have none, it would be told how many they are."""
    turned = sum(r.cases for r in rows if r.blind not in (None, r.final))
    known = sum(r.cases for r in rows if r.blind)
    if not isinstance(ended, int) or known < FEWEST or 0 < ended - known < FEWEST:
        return HIDDEN
    one, rest = halves(turned, known - turned, known)
    return share(one, known, rest)
