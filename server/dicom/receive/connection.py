"""One accepted socket, never blocking: its association, what it is doing since when, what comes over it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

from server.dicom.limits import Limits
from server.dicom.pace import Phase, overdue, too_slow
from server.dicom.receive.admission import Admitted
from server.dicom.receive.delivery import Delivery
from server.dicom.receive.operation import Operation, Portion
from server.dicom.receive.outward import Outward
from server.dicom.upper.association import Association, Event, State
from server.dicom.upper.request import ae_title
from server.line import Line, PlainLine

_DISCARD_BYTES = 64 * 1024
_READING = (Phase.FRESH, Phase.IDLE, Phase.IN_PDU, Phase.LINGERING)
_GOING_ON = (Phase.HANDSHAKE, Phase.WORKING, Phase.ANSWERING, Phase.LINGERING)
_EVENTS = 64
"""Of one connection in one turn: who sends many small messages at once waits for the others in between."""
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)  # Linux


class Connection:
    """Owned by the loop; threads see nothing of it but its delivery."""

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
        self.line = line(sock)
        self.address = address
        self.association = Association(limits)
        self.phase = Phase.FRESH if self.line.ready else Phase.HANDSHAKE
        self.watched = 0
        """The selector events this socket is registered for."""
        self.admitted: Admitted | None = None
        self.calling = self.called = ""
        self.delivery: Delivery | None = None
        self.operation: Operation | None = None
        """What is being answered; meanwhile other requests wait."""
        self.portion = Portion()
        """The last that has been made of its answer."""
        self.news = False
        """The operation has heard something since a thread began to make the next."""
        self.outward: Outward | None = None
        """Where the operation sends to, when it is not here."""
        self.deferred: Event | None = None
        """What has to wait for the end of the operation; nothing after it is read."""
        self.behind = False
        """More has come than one turn takes: the rest is for the next."""
        self.stored = 0
        self._limits = limits
        self._since = now
        self._moved = 0
        self._message_since: float | None = None
        self._message_moved = 0

    # -- time

    def enter(self, phase: Phase, now: float) -> None:
        """Begin ``phase``; its time starts now, unless it is the present one."""
        if phase is not self.phase:
            self.phase, self._since, self._moved = phase, now, 0

    def progress(self, now: float) -> None:
        """A PDU is whole, or a thread has done its part: the peer's time starts anew."""
        self._since, self._moved = now, 0

    def waited(self, now: float) -> float:
        """Seconds in the present phase."""
        return now - self._since

    def settle(self, now: float) -> None:
        """Nothing is to be done before more comes: what is waited for?"""
        if self.association.state is State.ESTABLISHED:
            self.enter(Phase.IN_PDU if self.association.in_pdu else Phase.IDLE, now)
        if not self.association.in_message:
            self._message_since = None
        elif self._message_since is None:
            self._message_since, self._message_moved = now, 0

    def overdue(self, now: float) -> bool:
        if overdue(self.phase, self.waited(now), self._moved, self._limits):
            return True
        if self._message_since is None or self.phase in (Phase.WORKING, Phase.LINGERING):
            return False
        waited = now - self._message_since
        return too_slow(waited, self._message_moved, self._limits.message_grace_seconds, self._limits)

    def relieved(self, now: float) -> None:
        """What a thread took is not counted against the peer."""
        self.progress(now)
        if self._message_since is not None:
            self._message_since, self._message_moved = now, 0

    # -- operations

    def serve(self, operation: Operation) -> None:
        """From now on the peer reads what it has asked for."""
        self.operation, self.portion = operation, Portion()
        self._message_since = None

    @property
    def hears(self) -> bool:
        """Whether something may be read while an operation is under way."""
        return self.deferred is None and self.association.room > 0

    def take(self) -> Event | None:
        """The next event that may be acted upon: none while a thread has an object. Raises Violation."""
        if self.operation is None:
            if self.phase is Phase.WORKING:
                return None
            if self.deferred is not None:
                event, self.deferred = self.deferred, None
                return event
        return self.association.take() if self.deferred is None else None

    def events(self) -> Iterator[Event]:
        """As many as one turn takes; then the connection is ``behind`` if need be. Raises Violation."""
        self.behind = False
        for _ in range(_EVENTS):
            event = self.take()
            if event is None:
                return
            yield event
        self.behind = True

    @property
    def catches_up(self) -> bool:
        """Whether nothing else, a thread or the peer's reading, will have it go on."""
        return self.behind and self.phase not in _GOING_ON

    @property
    def between_messages(self) -> bool:
        """Nothing is under way that would be lost."""
        idle = self.phase is Phase.IDLE and not self.association.in_message
        return idle or self.phase in (Phase.HANDSHAKE, Phase.FRESH)

    # -- bytes

    @property
    def unread(self) -> bool:
        """Bytes have come that no selector tells of, and we are about to read."""
        if not self.line.pending or self.behind:
            return False
        return self.phase in _READING or (self.operation is not None and self.hears)

    def shake_hands(self, now: float) -> int:
        """The selector events that the handshake waits for, 0 once it is over. Raises OSError."""
        events = self.line.shake_hands()
        if not events:
            self.enter(Phase.FRESH, now)
        return events

    def receive(self, into: memoryview) -> bool:
        """Read what has come; False when the peer has sent its last byte. Raises OSError."""
        try:
            count = self.line.recv_into(into, min(len(into), self.association.room))
        except BlockingIOError:
            return True
        if not count:
            return False
        if _QUICKACK is not None:
            # Undone by the kernel now and then, so asked for after each read: a peer that waits for
            # the acknowledgement of one small segment before it sends the next (Nagle's algorithm,
            # RFC 896, by default in DCMTK) waits 40 ms for it otherwise, twice for each object.
            self.line.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        self._moved += count
        self._message_moved += count
        self.association.feed(into[:count])
        return True

    def flush(self) -> bool:
        """Send what the kernel takes; True when nothing is left. Raises OSError."""
        outgoing = self.association.outgoing
        while outgoing:
            try:
                sent = self.line.send(outgoing)
            except BlockingIOError:
                return False
            del outgoing[:sent]
        return True

    def say_goodbye(self, now: float) -> None:
        """No more from us; wait for the peer to read the last of it and close (PS3.8, Sta13)."""
        self.line.end()  # where the kernel has no room for it now, the end of the connection has to do
        self.enter(Phase.LINGERING, now)

    def discard(self) -> bool:
        """Throw away what still comes; False once the peer has closed. Raises OSError."""
        try:
            return bool(self.line.recv(_DISCARD_BYTES))
        except BlockingIOError:
            return True

    def name(self, calling: bytes, called: bytes) -> None:
        """For the log; what is no title is not told."""
        self.calling, self.called = ae_title(calling) or "?", ae_title(called) or "?"
