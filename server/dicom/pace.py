"""When a peer has had enough time, and how often it may ask. The clock is the caller's."""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum, auto

from server.dicom.limits import Limits

_MOST_ADDRESSES = 1000


class Phase(Enum):
    """What one connection is doing."""

    HANDSHAKE = auto()
    """Accepted; the TLS handshake is not over."""
    FRESH = auto()
    """Accepted; the A-ASSOCIATE-RQ is not whole."""
    IDLE = auto()
    """Associated; waited for is a PDU, be it the next of a message."""
    IN_PDU = auto()
    WORKING = auto()
    """A thread is at work for it; the peer is not waited for."""
    ANSWERING = auto()
    """The peer takes an answer at its own pace."""
    ELSEWHERE = auto()
    """What was asked for is on its way to another peer, which has its own time."""
    AWAITING = auto()
    """The peer has been asked something in the course of its own request."""
    LINGERING = auto()
    """The last PDU is sent; bytes still on their way are thrown away."""


def overdue(phase: Phase, waited: float, moved: int, limits: Limits) -> bool:
    """Whether a connection that entered ``phase`` ``waited`` seconds ago must end now.

    ``moved`` counts the bytes of the PDU received since then.
    """
    if phase in (Phase.WORKING, Phase.ELSEWHERE):
        return False
    if phase is Phase.IN_PDU:
        return too_slow(waited, moved, limits.grace_seconds, limits)
    return (
        waited
        > {
            Phase.HANDSHAKE: limits.handshake_seconds,
            Phase.FRESH: limits.request_seconds,
            Phase.IDLE: limits.idle_seconds,
            Phase.ANSWERING: limits.answer_seconds,
            Phase.AWAITING: limits.response_seconds,
            Phase.LINGERING: limits.linger_seconds,
        }[phase]
    )


def too_slow(waited: float, moved: int, grace: float, limits: Limits) -> bool:
    """Whether less has come than a peer must manage once the grace is over."""
    return moved < limits.pace_bytes * (waited - grace)


class Throttle:
    """So many requests a second from one address, some more at once."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Address -> how many are left, as of when."""

    def allows(self, address: str, now: float) -> bool:
        most = self._limits.requests_at_once
        left, since = self._left.pop(address, (most, now))
        left = min(most, left + (now - since) * self._limits.requests_per_second)
        allowed = left >= 1
        self._left[address] = (left - 1 if allowed else left, now)
        if len(self._left) > _MOST_ADDRESSES:
            self._left.popitem(last=False)
        return allowed
