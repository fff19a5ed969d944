"""The audit lottery: a random share of concordant cases goes to a specialist all the same.

Without it a referral would tell the specialist that the model disagreed, and a case in which
both readers are wrong would never be seen (second-reading S2.5). The order in which a specialist is shown two
opinions is drawn in the same way.
"""

from __future__ import annotations

import hashlib
import hmac

from server.errors import Category, fault

MIN_KEY = 16
"""Bytes. A shorter key can be searched, and the draw of a case could be foretold."""

_BITS = 53
"""As many bits as a float holds exactly, so that every draw is below 1 and none is rounded up."""


def drawn(case_id: str, key: bytes, fraction: float) -> bool:
    """Whether the case is audited: the same answer each time, unpredictable without ``key``.

    ``fraction`` is the share in [0, 1]; 0 draws no case and 1 draws every case.

    Raises:
        Fault: BROKEN, when the key is too short to keep the draw unpredictable.
    """
    return _ticket("audit", case_id, key) < fraction


def reread(case_id: str, key: bytes, fraction: float) -> bool:
    """Whether humans read a case that a gatekeeper would rule out (S8.2); raises as ``drawn``."""
    return _ticket("gate", case_id, key) < fraction


def swapped(case_id: str, offer: int, key: bytes) -> bool:
    """Whether the model's opinion is shown to a specialist as the first of the two (S2.4).

    Raises:
        Fault: BROKEN, as ``drawn``.
    """
    return _ticket("reveal", f"{case_id}/{offer}", key) < 0.5


def _ticket(lottery: str, name: str, key: bytes) -> float:
    """From 0 to below 1."""
    if len(key) < MIN_KEY:
        raise fault(Category.BROKEN, "exception", f"the audit key needs at least {MIN_KEY} bytes")
    digest = hmac.digest(key, f"{lottery}\0{name}".encode(), hashlib.sha256)
    return (int.from_bytes(digest[:8]) >> (64 - _BITS)) / (1 << _BITS)
