"""One accepted socket, never blocking: what it is doing since when, what comes, what is to be sent."""

from __future__ import annotations

import socket
from collections.abc import Callable
from enum import Enum, auto

from server.hl7v2.framing import Frame, Framing
from server.hl7v2.listen.limits import Limits
from server.line import Line, PlainLine

_DISCARD_BYTES = 64 * 1024
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)  # Linux
_ALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 4))
"""Who has vanished without a word is missed after three minutes."""


class Phase(Enum):
    """What one connection is doing."""

    HANDSHAKE = auto()
    IDLE = auto()
    """Between two messages."""
    MESSAGE = auto()
    """One has begun."""
    WORKING = auto()
    """A thread has a message; nothing is read meanwhile."""
    ANSWERING = auto()
    """The peer takes an answer at its own pace."""
    LINGERING = auto()
    """The last is said; bytes still on their way are thrown away."""


READING = (Phase.IDLE, Phase.MESSAGE, Phase.LINGERING)


class Connection:
    """Owned by the loop; threads see nothing of it."""

    def __init__(
        self,
        sock: socket.socket,
        address: str,
        limits: Limits,
        now: float,
        line: Callable[[socket.socket], Line] = PlainLine,
    ) -> None:
        """Raises OSError when the peer has left already."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _ALIVE:
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self.line = line(sock)
        self.address = address
        self.framing = Framing(limits.message_bytes)
        self.seat: int | None = None
        self.phase = Phase.IDLE if self.line.ready else Phase.HANDSHAKE
        self.watched = 0
        """The selector events this socket is registered for."""
        self.outgoing = bytearray()
        self.final = False
        """The connection ends when what is outgoing has left."""
        self.in_hand = 0
        """Bytes of the message that a thread has."""
        self.weight = 0
        """Bytes held for it, when they were last counted."""
        self._limits = limits
        self._since = self._moved = now

    # -- time

    def enter(self, phase: Phase, now: float) -> None:
        """Begin ``phase``; its time starts now, unless it is the present one."""
        if phase is not self.phase:
            self.phase, self._since, self._moved = phase, now, now

    def settle(self, now: float) -> None:
        """Nothing is to be done before more comes: what is waited for?"""
        self.enter(Phase.MESSAGE if self.framing.begun else Phase.IDLE, now)

    def begin_anew(self, now: float) -> None:
        """One message was dropped for the next: its time is its own."""
        self._since = now

    def settled(self, now: float) -> Frame | None:
        """A message behind which a byte or two has stood for a while, and nothing has followed."""
        waited = self.phase is Phase.MESSAGE and now - self._moved > self._limits.settle_seconds
        return self.framing.settle() if waited else None

    def overdue(self, now: float) -> bool:
        limits, waited, still = self._limits, now - self._since, now - self._moved
        if self.phase is Phase.MESSAGE:
            return waited > limits.message_seconds or still > limits.progress_seconds
        most = {
            Phase.HANDSHAKE: limits.handshake_seconds,
            Phase.IDLE: limits.idle_seconds,
            Phase.ANSWERING: limits.answer_seconds,
            Phase.LINGERING: limits.linger_seconds,
        }.get(self.phase)
        return most is not None and (still if self.phase is Phase.IDLE else waited) > most

    # -- bytes

    @property
    def unread(self) -> bool:
        """Bytes have come that no selector tells of, and we are about to read."""
        return bool(self.line.pending) and self.phase in READING

    def receive(self, into: memoryview, now: float) -> bool:
        """Read what has come; False when the peer has sent its last byte. Raises OSError."""
        try:
            count = self.line.recv_into(into, len(into))
        except BlockingIOError:
            return True
        if not count:
            self.framing.close()
            return False
        if _QUICKACK is not None:  # as the DICOM door does: a peer with Nagle's algorithm waits for it
            self.line.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        self._moved = now
        self.framing.feed(bytes(into[:count]))
        return True

    def flush(self) -> bool:
        """Send what the kernel takes; True when nothing is left. Raises OSError."""
        while self.outgoing:
            try:
                sent = self.line.send(self.outgoing)
            except BlockingIOError:
                return False
            del self.outgoing[:sent]
        return True

    def say_goodbye(self, now: float) -> None:
        """No more from us; wait for the peer to read the last of it and close."""
        self.line.end()  # where the kernel has no room for it now, the end of the connection has to do
        self.enter(Phase.LINGERING, now)

    def discard(self) -> bool:
        """Throw away what still comes; False once the peer has closed. Raises OSError."""
        try:
            return bool(self.line.recv(_DISCARD_BYTES))
        except BlockingIOError:
            return True
