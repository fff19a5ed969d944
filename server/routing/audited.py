"""What audits tell: where both are wrong, what a referral gives away, shared errors (second-reading S2.5).

Made from what may be told, as ``report``; where a number is not told, the range that it leaves.
"""

from __future__ import annotations

from typing import Any

from server.model import Passed
from server.routing.accuracy import verified
from server.routing.gate import omission_bound
from server.routing.paired import EXACT_BELOW, mcnemar
from server.routing.predictive import shared_errors
from server.routing.shares import MOST, Figure
from server.routing.told import FEW, HIDDEN, Count, Told


def audits(told: Told, fraction: float | None, *, corrected: bool) -> dict[str, Any]:
    """``fraction``: the policy's audit share, where one held."""
    a, d = told.reads["a"], told.reads["d"]
    return {
        "bothWrong": {
            "bothPresent": _bound(a.read, a.absent, a.present),
            "bothAbsent": _bound(d.read, d.present, d.absent),
        },
        "modelDisagreedWhereAsked": {
            "achieved": _gives_away(told),
            "byAuditShare": _by_share(told, fraction),
        },
        "betterReader": _better(told),
        "sharedErrors": _shared(told) if corrected else HIDDEN,
    }


def _bound(read: Count, wrong: Count, right: Count) -> Figure:
    """Upper 95 % bound: 3 / n where none was wrong, so 3,000 clean audits bound it below 1 in 1,000."""
    if not isinstance(read, int):
        return HIDDEN
    if isinstance(wrong, int):
        least = most = wrong
    elif wrong == FEW:
        least, most = 0, min(MOST, read)
    elif right == FEW:
        least, most = max(0, read - MOST), read
    else:
        return HIDDEN
    return {"read": read, "from": _upper(read, least), "to": _upper(read, most)}


def _upper(read: int, wrong: int) -> float:
    return omission_bound(Passed(reread=read, found=wrong))


def _gives_away(told: Told) -> Figure:
    """Of compared cases that a specialist has read, the share in which the two differ."""
    apart = told.sided.read
    agreed = [told.reads[name].read for name in "ad"]
    if not isinstance(apart, int) or HIDDEN in agreed:
        return HIDDEN
    known = sum(each for each in agreed if isinstance(each, int))
    most = known + MOST * agreed.count(FEW)
    return {"from": apart / (apart + most), "to": apart / (apart + known)}


def _by_share(told: Told, fraction: float | None) -> Figure:
    """D / (d + e (1 - d)): what a referral tells by the policy's own audit share."""
    if fraction is None or not (isinstance(told.disagree, int) and isinstance(told.compared, int)):
        return HIDDEN
    apart = told.disagree / told.compared
    return apart / (apart + fraction * (1 - apart))


def _better(told: Told) -> Figure:
    """Among disputed cases that a specialist has read, in which one of the two is right (McNemar)."""
    known = told.sided.known
    if known is None:
        return HIDDEN
    _, model, first = known
    return {
        "modelRight": model,
        "firstRight": first,
        "p": mcnemar(model, first),
        "test": "exact" if model + first < EXACT_BELOW else "chi square",
    }


def _shared(told: Told) -> Figure:
    """Phi of the errors of both, over all that numbers which are not told may be."""
    found = [shared_errors(each) for each in verified(told)]
    known = [each for each in found if each is not None]
    if not known or len(known) < len(found):
        return HIDDEN
    return {"from": min(known), "to": max(known)}
