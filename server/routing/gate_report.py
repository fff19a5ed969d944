"""What a gatekeeper has done, as far as it may be told: ruled out, read all the same, missed (S8.2)."""

from __future__ import annotations

from typing import Any

from server.model import Passed
from server.routing.gate import omission_bound
from server.routing.shares import Figure, share
from server.routing.stop import FEWEST
from server.routing.told import FEW, HIDDEN, Count, alone, halves


def gate_figures(passed: Passed, limit: float | None) -> dict[str, Any]:
    """``limit``: the policy's ``omitted_at_most``."""
    judged, out, read = passed.cases, passed.ruled_out, passed.reread
    told_out, told_rest = halves(out, judged - out, judged)
    # The rest are cases that were not below, or are not read yet: few of those must not follow.
    rest = judged - read - (told_out if isinstance(told_out, int) else 0)
    read_told = read >= FEWEST and abs(rest) >= FEWEST
    reads: Count = read if read_told else (FEW if read < FEWEST else HIDDEN)
    clean, found = halves(read - passed.found, passed.found, read) if read_told else (HIDDEN, HIDDEN)
    return {
        "judged": alone(judged),
        "ruledOut": share(told_out, alone(judged), told_rest),
        "readByHumans": reads,
        "found": share(found, reads, clean),
        "falseOmission": _omitted(share(found, reads, clean)),
        "omissionBound": _bound(reads, found),
        "limit": limit,
    }


def _omitted(found: Figure) -> Figure:
    """Gross false omissions: of cases below the threshold that humans have read, as of those ruled out.

    Two-sided, of whatever first reader or specialist has found; of a number that is not told, its reach.
    """
    if not isinstance(found, dict) or "share" in found:
        return found
    if "atMost" in found:
        return {"from": 0.0, "to": found["atMost"], "low": 0.0, "high": found["high"]}
    return {"from": found["atLeast"], "to": 1.0, "low": found["low"], "high": 1.0}


def _bound(read: Count, found: Count) -> dict[str, float] | str:
    """The upper 95 % bound; of a number that is not told, with none and with the most that it may be."""
    if not isinstance(read, int):
        return HIDDEN
    if isinstance(found, int):
        return {"from": _of(read, found), "to": _of(read, found)}
    few = min(FEWEST - 1, read)
    least, most = (0, few) if found == FEW else (read - few, read)
    return {"from": _of(read, least), "to": _of(read, most)}


def _of(read: int, found: int) -> float:
    return omission_bound(Passed(reread=read, found=found))
