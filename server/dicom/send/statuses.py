"""What an archive's status means for a delivery (PS3.4 B.2.3, PS3.7 annex C, PS3.18 I.2.2); pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from server.errors import Category
from server.ports import Undelivered


class Stored(StrEnum):
    """What a status says that is no refusal."""

    NEW = "new"
    DUPLICATE = "duplicate"
    """It knows the UID already: whether under it stands what we sent, a look tells."""


SUCCESS: Final = 0x0000
DUPLICATE: Final = 0x0111
NO_SUCH_OBJECT: Final = 0x0112
_KEPT: Final = {SUCCESS, 0xB000, 0xB006, 0xB007}
"""What follows 0000 are warnings: it is stored, with elements coerced, discarded, or not of its class."""

_REFUSALS: Final = (
    (0xA700, 0xA7FF, Category.BUSY, "throttled", "it is out of resources"),
    (0xA900, 0xA9FF, Category.UNPROCESSABLE, "processing", "the object does not match its SOP class"),
    (0xC122, 0xC122, Category.UNPROCESSABLE, "not-supported", "it does not take this transfer syntax"),
    (0xC000, 0xCFFF, Category.UNPROCESSABLE, "processing", "it cannot understand the object"),
    (0x0110, 0x0110, Category.UNAVAILABLE, "transient", "it failed while it worked on it"),
    (0x0112, 0x0112, Category.UNAVAILABLE, "not-found", "it does not have the object"),
    (0x0117, 0x0117, Category.UNPROCESSABLE, "invalid", "it does not take the object's UID"),
    (0x0119, 0x0119, Category.UNPROCESSABLE, "conflict", "it has the UID under another SOP class"),
    (0x0122, 0x0122, Category.UNPROCESSABLE, "not-supported", "it does not take this SOP class"),
    (0x0124, 0x0124, Category.FORBIDDEN, "forbidden", "it does not let this server in"),
    (0x0131, 0x0131, Category.UNAVAILABLE, "duplicate", "it knows the transaction already"),
    (0x0211, 0x0212, Category.UNPROCESSABLE, "not-supported", "it does not understand the request"),
    (0x0213, 0x0213, Category.BUSY, "throttled", "it is out of resources"),
)
"""First, last, and what to make of it; a narrow line stands before a wide one."""


def stored(status: int) -> Stored:
    """Raises Undelivered for every status that is no success: refused is not stored (PS3.4 B.2.3)."""
    if status in _KEPT:
        return Stored.NEW
    if status == DUPLICATE:
        return Stored.DUPLICATE
    failure = refused(status)
    failure.untouched = failure.category is not Category.UNAVAILABLE  # which may have failed halfway
    raise failure


def refused(status: int) -> Undelivered:
    """A status that the standard does not know passes by itself, or does not: the time for trying ends it."""
    for first, last, category, code, why in _REFUSALS:
        if first <= status <= last:
            return Undelivered(category, code, f"the archive says {status:04X}: {why}")
    return Undelivered(Category.UNAVAILABLE, "transient", f"the archive says {status:04X}")


_REJECTIONS: Final = {
    (1, 2): "it does not know the application context",
    (1, 3): "it does not know our calling_ae",
    (1, 7): "it has another AE title than ae",
    (2, 2): "it does not speak this version of the protocol",
    (3, 1): "it is congested",
    (3, 2): "it has as many associations as it takes",
}
"""(source, reason) of A-ASSOCIATE-RJ (PS3.8 table 9-21)."""
_TRANSIENT: Final = 2


def rejected(result: int, source: int, reason: int) -> Undelivered:
    why = _REJECTIONS.get((source, reason), "it gives no reason")
    text = f"the archive rejected the association ({result},{source},{reason}): {why}"
    if result == _TRANSIENT or source == 3:
        return Undelivered(Category.BUSY, "throttled", text)
    return Undelivered(Category.FORBIDDEN, "forbidden", f"{text}; let this server in there, then send again")
