"""The sending half of one connection: takes an answer at the application's pace, sends it at the peer's."""

from __future__ import annotations

from collections.abc import Callable

from server.line import Line
from server.porch.limits import KIB
from server.porch.spool import Spool

_STEP = 64 * KIB


class Outbox:
    """What gunicorn's response writer gets for a socket. No call waits for the peer.

    A thread fills it while the application runs; the loop empties it afterwards; never both.
    """

    def __init__(self, line: Line, new_spool: Callable[[], Spool]) -> None:
        self._line = line
        self._new_spool = new_spool
        self._near = bytearray()
        self._far: Spool | None = None
        self.sent = 0
        """Bytes the kernel has taken since the last ``close``."""
        self.begun = False
        """Something of this answer may have left."""
        self.gone = False
        """The peer has left; what is written is thrown away, so that the application can finish in order."""

    def sendall(self, data: bytes) -> None:
        """Take ``data`` whole. Raises OSError when it must go to disk and cannot."""
        self._near += data
        if len(self._near) < _STEP:
            return
        if not self.flush() and not self.gone:
            if self._far is None:
                self._far = self._new_spool()
            self._far.append(bytes(self._near))
        self._near.clear()

    def flush(self) -> bool:
        """Send what the kernel takes now; True when nothing is left to send."""
        while self._far is not None and self._far.left and not self.gone:
            sent = self._send(self._far.peek(_STEP))
            self._far.skip(sent)
            if not sent:
                return False
        while self._near and not self.gone:
            sent = self._send(self._near)
            del self._near[:sent]
            if not sent:
                return False
        return not self.gone

    def close(self) -> None:
        """Forget this answer; ready for the next."""
        if self._far is not None:
            self._far.close()
        self._far = None
        self._near.clear()
        self.sent = 0
        self.begun = False

    def _send(self, data: bytes | bytearray) -> int:
        self.begun = True
        try:
            sent = self._line.send(data)
        except BlockingIOError:
            return 0
        except OSError:  # Reset, broken pipe, timed out: whichever, nobody reads this answer any more.
            self.gone = True
            return 0
        self.sent += sent
        return sent
