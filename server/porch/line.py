"""What a connection speaks through: the socket as it is, or TLS around it. No call waits for the peer."""

from __future__ import annotations

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
        """Go on with it; the selector events that it waits for, 0 once ``ready``. Raises Refusal."""

    def recv(self, size: int, /) -> bytes:
        """What has come; empty after the peer's last byte. Raises BlockingIOError when nothing has come."""

    def send(self, data: bytes | bytearray, /) -> int:
        """How much the kernel took. Raises BlockingIOError for nothing: then the same must come again."""

    def end(self) -> bool:
        """Tell the peer that nothing follows; False when the kernel has no room to say so now."""

    def close(self, *, complete: bool) -> None:
        """``complete``: nothing of an answer or a request is cut off by it."""


class PlainLine:
    """The socket's own methods, with nothing in between."""

    ready = True
    pending = 0

    def __init__(self, sock: socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self.fileno, self.recv, self.send = sock.fileno, sock.recv, sock.send

    def shake_hands(self) -> int:
        return 0

    def end(self) -> bool:
        self._sock.shutdown(SHUT_WR)
        return True

    def close(self, *, complete: bool) -> None:  # noqa: ARG002 - the kernel says the same either way
        self._sock.close()
