"""What becomes of connections and messages: counted, and logged without a byte of what came."""

from __future__ import annotations

import errno
import traceback

from structlog.typing import FilteringBoundLogger

from server.errors import Fault
from server.hl7v2.framing import Why
from server.tally import Tally

_BETWEEN_REFUSALS = 1.0
"""Seconds between two words of them: who comes again and again fills no disk."""


class Telling:
    """One for all connections of a process."""

    def __init__(self, tally: Tally, log: FilteringBoundLogger) -> None:
        self._tally = tally
        self._log = log
        self._next_word = 0.0
        self._untold = 0

    def accepted(self, peer: str) -> None:
        self._tally.count("connections accepted")
        self._log.info("connected", peer=peer)

    def refused(self, peer: str, why: str, now: float) -> None:
        self._tally.count("connections refused", why)
        self._untold += 1
        if now >= self._next_word:
            self._next_word = now + _BETWEEN_REFUSALS
            self._log.warning("connection refused", peer=peer, why=why, number=self._untold)
            self._untold = 0

    def no_handshake(self, peer: str, why: str) -> None:
        self._tally.count("handshakes failed")
        self._log.info("no TLS handshake", peer=peer, why=why)

    def ended(self, peer: str, why: str) -> None:
        if why:
            self._tally.count("connections ended", why)
            self._log.info("connection ended", peer=peer, why=why)

    def skipped(self, peer: str, count: int) -> None:
        self._log.warning("bytes between messages were skipped", peer=peer, count=count)

    def dropped(self, peer: str, why: Why) -> None:
        self._tally.count("messages", why.value)
        self._log.error("a message that was not ended is dropped", peer=peer, why=why.value)

    def torn(self, peer: str) -> None:
        self._tally.count("messages torn")
        self._log.error("a message has the bytes of an end inside", peer=peer)

    def too_long(self, peer: str) -> None:
        self._tally.count("messages too long")
        self._log.warning("a message is too long", peer=peer)

    def heard(self, size: int, seconds: float, *, answered: bool) -> None:
        self._tally.count("messages answered" if answered else "messages unanswered")
        self._tally.count("bytes", number=size)
        self._tally.took(seconds)

    def failed(self, peer: str, error: BaseException) -> bool:
        """Of ours, so that no answer leaves; True when the disk has failed for good."""
        self._tally.count("messages failed")
        self.ended(peer, "failed")
        if isinstance(error, Fault):
            self._log.error("a message could not be kept", peer=peer, why=str(error))
        else:  # Where and what kind, never the text: it may quote the message.
            frames = "".join(traceback.format_tb(error.__traceback__))
            self._log.error("a message could not be heard", error=type(error).__name__, where=frames)
        return _is_final(error)


def _is_final(error: BaseException | None) -> bool:
    """After EIO nobody knows what of all that was written is there: only a new start may look."""
    while error is not None:
        if isinstance(error, OSError) and error.errno == errno.EIO:
            return True
        error = error.__cause__
    return False
