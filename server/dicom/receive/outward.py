"""An association of ours with another peer, for one that asks for it: never blocking, in the same loop."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector

from server.dicom.limits import Limits
from server.dicom.receive.operation import Dial, Lost
from server.dicom.upper.association import Association, Event, State
from server.dicom.upper.pdu import Violation

_PIECE = 64 * 1024
_UNDER_WAY = (0, errno.EINPROGRESS)


class Outward:
    """Owned by the loop. Tells ``hear`` what it hears, and None when all is sent; nothing after ``Lost``."""

    def __init__(
        self, dial: Dial, selector: BaseSelector, limits: Limits, hear: Callable[[Event | Lost | None], None]
    ) -> None:
        self._selector = selector
        self._limits = limits
        self._hear = hear
        self._association = Association(limits)
        self._association.call(dial.proposal)
        family = socket.AF_INET6 if ":" in dial.host else socket.AF_INET
        self._sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._trouble = self._sock.connect_ex((dial.host, dial.port)) not in _UNDER_WAY
        self._watched = EVENT_READ | EVENT_WRITE
        self._selector.register(self._sock, self._watched, self._ready)
        self._since = time.monotonic()
        self.closed = False

    @property
    def longest(self) -> int:
        """PDU that it takes."""
        return self._association.peer_max

    @property
    def busy(self) -> bool:
        """Something has not been sent yet, or nobody has answered our call."""
        return bool(self._association.outgoing) or self._association.state is State.CALLING

    def send(self, pdus: bytes) -> None:
        self._association.outgoing += pdus
        self._since = time.monotonic()
        self._watch()

    def look(self, now: float) -> None:
        """Whether it has had its time."""
        limits, calling = self._limits, self._association.state is State.CALLING
        if self._association.outgoing:
            most = limits.request_seconds if calling else limits.answer_seconds
        else:
            most = limits.request_seconds if calling else limits.response_seconds
        if self._trouble or now - self._since > most:
            self._lose()

    def close(self) -> None:
        """Released when it stands and nothing is under way, as far as the kernel takes that; else cut."""
        if self.closed:
            return
        self.closed = True
        self._selector.unregister(self._sock)
        if not self._association.outgoing and self._association.state is State.ESTABLISHED:
            self._association.release()
            self._push()
        self._sock.close()

    def _ready(self) -> None:
        """Something came, or may be sent."""
        try:
            self._read()
            self._push()
        except (EOFError, OSError, Violation):
            self._lose()
            return
        if not self.closed:
            gone = bool(self._watched & EVENT_WRITE) and not self._association.outgoing
            self._watch()
            if gone and self._association.state is State.ESTABLISHED:
                self._hear(None)

    def _read(self) -> None:
        try:
            data = self._sock.recv(min(_PIECE, self._association.room))
        except BlockingIOError:
            return
        if not data:
            raise EOFError
        self._association.feed(data)
        while not self.closed and (event := self._association.take()) is not None:
            self._since = time.monotonic()
            self._hear(event)

    def _push(self) -> None:
        outgoing = self._association.outgoing
        try:
            while outgoing and not self._trouble:
                del outgoing[: self._sock.send(outgoing)]
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            return  # what is broken is found by reading

    def _watch(self) -> None:
        events = EVENT_READ | (EVENT_WRITE if self._association.outgoing else 0)
        if events != self._watched:
            self._watched = events
            self._selector.modify(self._sock, events, self._ready)

    def _lose(self) -> None:
        if not self.closed:
            self._association.state = State.ENDED
            self.close()
            self._hear(Lost())
