"""When a peer has had enough time: what a connection waits for, and for how long."""

from __future__ import annotations

from enum import Enum, auto

from server.porch.limits import PorchLimits


class Phase(Enum):
    """What one connection is doing."""

    HANDSHAKE = auto()
    """Accepted; TLS has not begun to hold."""
    FRESH = auto()
    """Not a byte of a request has come."""
    IDLE = auto()
    """Kept alive after an answer; not a byte of the next request has come."""
    HEAD = auto()
    BODY = auto()
    SERVING = auto()
    """A thread runs the application; the peer is not waited for."""
    ANSWERING = auto()
    """The application has finished; the peer takes the rest of the answer at its own pace."""
    LINGERING = auto()
    """The last answer is sent; bytes still on their way are thrown away."""


def overdue(phase: Phase, waited: float, moved: int, limits: PorchLimits) -> bool:
    """Whether a connection that entered ``phase`` ``waited`` seconds ago must end now.

    ``moved`` counts the bytes of the body received, or of the answer taken, since then.
    """
    if phase is Phase.SERVING:
        return False
    if phase in (Phase.BODY, Phase.ANSWERING) and moved < limits.pace_bytes * (waited - limits.grace_seconds):
        return True
    return (
        waited
        > {
            Phase.HANDSHAKE: limits.handshake_seconds,
            Phase.FRESH: limits.head_seconds,
            Phase.IDLE: limits.idle_seconds,
            Phase.HEAD: limits.head_seconds,
            Phase.BODY: limits.body_seconds,
            Phase.ANSWERING: limits.answer_seconds,
            Phase.LINGERING: limits.linger_seconds,
        }[phase]
    )
