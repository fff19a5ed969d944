"""What humans have read, against two reads of every case; never without sensitivity and specificity (S7.3).

A specialist's read weighs from 1 to 5 first reads, as nobody has measured it: 1 - (1 + w s) / 2 with the
share s of compared cases that a specialist has read. It is held against two reads without an arbiter's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.routing.shares import MOST
from server.routing.told import FEW, HIDDEN, Told

WEIGHTS = (1, 2, 3, 4, 5)
ALONE = f"{HIDDEN}: no sensitivity and specificity to stand beside it"


def workload(told: Told, accuracy: Mapping[str, Any]) -> dict[str, Any] | str:
    """Of compared cases."""
    if any(HIDDEN in (accuracy[each], *_both(accuracy[each])) for each in ("model", "first")):
        return ALONE
    reads = (told.sided.read, told.reads["a"].read, told.reads["d"].read)
    if not isinstance(told.compared, int) or HIDDEN in reads:
        return HIDDEN
    known = sum(each for each in reads if isinstance(each, int))
    least = known / told.compared
    most = min(1.0, (known + MOST * reads.count(FEW)) / told.compared)
    return {
        "specialistReadsPerCase": {"from": least, "to": most},
        "saved": {str(each): {"from": saved(most, each), "to": saved(least, each)} for each in WEIGHTS},
        "beside": {reader: accuracy[reader] for reader in ("model", "first")},
        "kind": accuracy["kind"],
    }


def _both(reader: Mapping[str, Any] | str) -> tuple[Any, ...]:
    return () if isinstance(reader, str) else (reader["sensitivity"], reader["specificity"])


def saved(read: float, weight: float, before: float = 0.0) -> float:
    """``read``, ``before``: the share that a specialist reads now, and that an arbiter read of two reads."""
    return 1 - (1 + weight * read) / (2 + weight * before)
