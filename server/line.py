"""What a connection speaks through: the socket as it is, or TLS around it (``server/tls.py``).

For every door that has a loop of its own, whatever is spoken there. No call waits for the peer: whoever owns
a line watches it with a selector, and ends it when its time is over. Deadlines are therefore the owner's, by
what its protocol waits for at that moment; a line that is not ``ready`` has one for its handshake.

Two things are not as with a socket. Bytes that are ``pending`` have left the kernel: they are received before
the owner waits again. And what ``send`` did not take must be given again from the same byte on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from socket import SHUT_WR, socket
from typing import Protocol


class Line(Protocol):
    """A selector takes it for a socket. All raise OSError when the peer is gone."""

    @property
    def ready(self) -> bool:
        """False while a handshake comes first."""

    @property
    def pending(self) -> int:
        """Bytes that have left the kernel and were not received yet: no selector tells of them."""

    def fileno(self) -> int: ...

    def shake_hands(self) -> int:
        """Go on with it; the selector events that it waits for, 0 once ``ready``."""

    def shown(self) -> bytes:
        """The certificate of the peer (DER); empty when it has shown none."""

    def recv(self, size: int, /) -> bytes:
        """What has come; empty after the peer's last byte. Raises BlockingIOError when nothing has come."""

    def recv_into(self, buffer: memoryview, size: int, /) -> int:
        """As ``recv``, into a buffer of the owner's: how much came, 0 after the peer's last byte."""

    def send(self, data: bytes | bytearray, /) -> int:
        """How much the kernel took. Raises BlockingIOError for nothing: then the same must come again."""

    def setsockopt(self, level: int, option: int, value: int, /) -> None: ...

    def end(self) -> bool:
        """Tell the peer that nothing follows; False when the kernel has no room to say so now."""

    def close(self, *, complete: bool) -> None:
        """``complete``: nothing that was being said, in either direction, is cut off by it."""


class PlainLine:
    """The socket's own methods, with nothing in between."""

    ready = True
    pending = 0

    def __init__(self, sock: socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self.fileno, self.setsockopt = sock.fileno, sock.setsockopt
        self.send, self.recv, self.recv_into = sock.send, sock.recv, sock.recv_into

    def shake_hands(self) -> int:
        return 0

    def shown(self) -> bytes:
        return b""

    def end(self) -> bool:
        self._sock.shutdown(SHUT_WR)
        return True

    def close(self, *, complete: bool) -> None:  # noqa: ARG002 - the kernel says the same either way
        self._sock.close()


@dataclass(frozen=True, slots=True)
class Entry:
    """A port that is open, and what is spoken there."""

    listener: socket
    line: Callable[[socket], Line] = PlainLine
    """Raises OSError when the peer has left already."""
