"""One accepted connection, never blocking: its bytes in, its bytes out, and what it is doing since when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.line import Line
from server.porch.intake import Intake, WholeRequest
from server.porch.limits import KIB, PorchLimits
from server.porch.outbox import Outbox
from server.porch.pace import Phase, overdue
from server.porch.reasons import Reason, Refusal, answer
from server.porch.spool import Spool

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_DISCARD_BYTES = 64 * KIB


class Connection:
    """Owned by the worker's loop, but for ``outbox`` while a thread runs the application."""

    def __init__(
        self,
        line: Line,
        client: Any,
        server: Any,
        *,
        limits: PorchLimits,
        new_spool: Callable[[], Spool],
        now: float,
    ) -> None:
        self.line = line
        self.client = client
        """The peer's address as ``accept`` gave it: a tuple, or an empty string on a Unix socket."""
        self.server = server
        self.outbox = Outbox(line, new_spool)
        self.phase = Phase.FRESH if line.ready else Phase.HANDSHAKE
        self.watched = 0
        """The selector events this line is registered for."""
        self.keep = False
        """Whether the connection goes on after the present answer."""
        self._intake = Intake(limits, new_spool)
        self._since = now
        self._sent_before = 0

    def enter(self, phase: Phase, now: float) -> None:
        """Begin ``phase``; its time starts now, unless it is the present one."""
        if phase is not self.phase:
            self.phase, self._since, self._sent_before = phase, now, self.outbox.sent

    def waited(self, now: float) -> float:
        """Seconds in the present phase."""
        return now - self._since

    def overdue(self, now: float) -> bool:
        moved = self._intake.received if self.phase is Phase.BODY else self.outbox.sent - self._sent_before
        return overdue(self.phase, self.waited(now), moved, self._intake.limits)

    @property
    def unfinished(self) -> bool:
        """True when a request has begun to arrive and is not whole."""
        return self.phase in (Phase.HEAD, Phase.BODY)

    def receive(self, now: float) -> WholeRequest | None:
        """Read what has come; the request, if that made it whole.

        Raises Refusal; EOFError when the peer has sent its last byte; OSError when the peer is gone.
        """
        request = self._receive(now)
        while request is None and self.line.pending:
            request = self._receive(now)
        return request

    def _receive(self, now: float) -> WholeRequest | None:
        try:
            data = self.line.recv(self._intake.room)
        except BlockingIOError:
            return None
        if not data:
            raise Refusal(Reason.INCOMPLETE) if self.unfinished else EOFError
        return self._advance(data, now)

    def resume(self, now: float) -> WholeRequest | None:
        """As ``receive``, after an answer: pipelined bytes wait inside, or in the line."""
        request = self._advance(b"", now)
        return self.receive(now) if request is None and self.line.pending else request

    def _advance(self, data: bytes, now: float) -> WholeRequest | None:
        try:
            self._intake.feed(data)
        except OSError as error:
            raise Refusal(Reason.NO_ROOM) from error
        request = self._intake.take()
        if request is not None:
            self.enter(Phase.SERVING, now)
        elif self._intake.in_body:
            if self.phase is not Phase.BODY and self._intake.wants_continue:
                self.line.send(_CONTINUE)
            self.enter(Phase.BODY, now)
        elif not self._intake.empty:
            self.enter(Phase.HEAD, now)
        return request

    def refuse(self, reason: Reason, date: str) -> None:
        """Queue the refusal as the last answer; what has come of the request is thrown away."""
        self._intake.close()
        self.keep = False
        self.outbox.sendall(answer(reason, date))

    def say_goodbye(self, now: float) -> bool:
        """No more answers; wait for the peer to read the last one (RFC 9112 section 9.6). Raises OSError.

        False when there is no room to say so now.
        """
        said = self.line.end()
        self.enter(Phase.LINGERING if said else Phase.ANSWERING, now)
        return said

    def discard(self) -> bool:
        """Throw away what still comes; False once the peer has closed. Raises OSError."""
        try:
            return bool(self.line.recv(_DISCARD_BYTES))
        except BlockingIOError:
            return True

    def close(self) -> None:
        self._intake.close()
        self.outbox.close()
        self.line.close(complete=self.phase in (Phase.FRESH, Phase.IDLE))
