"""What the MLLP listener accepts: sizes in bytes, times in seconds; the defaults suit one machine."""

from __future__ import annotations

from dataclasses import dataclass

from server.hl7v2.framing import LONGEST

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Every bound of the door, per process where nothing else is said."""

    message_bytes: int = LONGEST
    held_bytes: int = 256 * MIB
    """Of all messages that are not whole yet; whose message would go beyond it is put out."""
    handshake_seconds: float = 5.0
    """From the acceptance of a connection to the end of its TLS handshake."""
    idle_seconds: float = 3600.0
    """How long a connection may be silent between two messages: interfaces keep theirs open."""
    progress_seconds: float = 30.0
    """How long a message that has begun may stand still."""
    settle_seconds: float = 0.5
    """After which a few bytes behind a message are taken for what they are, and not for its rest."""
    message_seconds: float = 60.0
    """How long one may take, from its first byte to its last."""
    answer_seconds: float = 10.0
    """How long a peer may take to read an answer."""
    linger_seconds: float = 1.0
    """How long bytes still on their way are thrown away after the last answer of ours."""
    connections: int = 1000
    """Of all processes together."""
    connections_per_peer: int = 200
    """Of all processes together, from one address."""
    threads: int = 8
    """That read, check and store messages."""
