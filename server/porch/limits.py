"""What the porch accepts: sizes in bytes, times in seconds; the defaults suit one machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class PorchLimits:
    """Every bound of the porch, per worker process where nothing else is said."""

    head_bytes: int = 32 * KIB
    """Request line and header fields together (431); also the trailer section of a chunked body."""
    header_fields: int = 100
    target_bytes: int = 8 * KIB
    """Request target, which is path and query (414)."""
    body_bytes: int = 50 * MIB
    """Body after removal of the chunked coding, before any content coding (413)."""
    roomy_path: bytes = b""
    """Below this path the next two hold for bodies instead; empty: nowhere."""
    roomy_bytes: int = 0
    roomy_seconds: float = 3600.0
    handshake_seconds: float = 10.0
    """From the acceptance of a connection until TLS holds; then it counts as new."""
    head_seconds: float = 10.0
    """From the first byte (on a new connection: from its acceptance) to the end of the head (408)."""
    body_seconds: float = 60.0
    """From the end of the head to the end of the body (408)."""
    answer_seconds: float = 300.0
    """How long a peer may take to read what is left of an answer when the application has finished."""
    idle_seconds: float = 15.0
    """How long a kept-alive connection may be silent before it is closed."""
    grace_seconds: float = 5.0
    """How long a body or an answer may take before its pace is looked at."""
    pace_bytes: int = 1 * KIB
    """Bytes per second, on average after the grace, below which a peer is too slow."""
    linger_seconds: float = 2.0
    """How long bytes still on their way are thrown away after the last answer (RFC 9112 section 9.6)."""
    connections: int = 1000
    """Open connections; the next one is answered 503 when none is idle."""
    spool_bytes: int = 1 * MIB
    """A body or an answer above this goes to an unlinked temporary file."""
    memory_bytes: int = 32 * MIB
    """Bodies and answers held in memory, all together; what comes on top goes to temporary files at once.

    Beside these a connection holds at most one head and 64 KiB of its answer: 126 MiB in all by default.
    TLS adds some 16 KiB to each.
    """
    spool_folder: str | None = None
    """Where the temporary files live; None is the system's folder for them."""

    def of(self, target: bytes) -> PorchLimits:
        """The limits for a request to ``target``."""
        roomy = self.roomy_path and target.startswith(self.roomy_path)
        return _roomy(self) if roomy else self


@lru_cache(maxsize=8)
def _roomy(limits: PorchLimits) -> PorchLimits:
    return replace(limits, body_bytes=limits.roomy_bytes, body_seconds=limits.roomy_seconds)
