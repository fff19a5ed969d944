"""One connection's TLS, never blocking. OpenSSL reads and writes the socket itself.

What OpenSSL could not write it wants to be given again, from the same byte on. Renegotiation is off, so
that receiving never waits for room to send, but for a peer who asks for new keys and does not read: that
ends the connection.
"""

from __future__ import annotations

import os
import ssl
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE
from socket import SHUT_WR, socket

_RECORD = 16_384
"""The most that one record holds (RFC 8446 section 5.1)."""


class TlsLine:
    """A Line (``server/line.py``), a server's end.

    All but ``fileno`` raise OSError when the peer is gone, SSLError when TLS says why.
    """

    def __init__(self, sock: socket, context: ssl.SSLContext) -> None:
        sock.setblocking(False)
        self._tls: ssl.SSLSocket | None = context.wrap_socket(
            sock, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=False
        )
        self._sock: socket = self._tls
        self._ready = self._ended = False

    @property
    def ready(self) -> bool:
        return self._ready

    @property
    def pending(self) -> int:
        """Bytes that have left the kernel and were not received yet: no selector tells of them."""
        return self._tls.pending() if self._tls is not None else 0

    def fileno(self) -> int:
        return self._sock.fileno()

    def shake_hands(self) -> int:
        """Go on with it; the selector events that it waits for, 0 once ``ready``."""
        if self._tls is None:
            return 0
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return EVENT_READ
        except ssl.SSLWantWriteError:
            return EVENT_WRITE
        except ssl.SSLError:
            self._read_off()
            raise
        self._ready = True
        return 0

    def _read_off(self) -> None:
        """What came behind what was refused: a socket closed over it resets, and the alert is lost."""
        with suppress(OSError):
            while os.read(self._sock.fileno(), _RECORD):
                continue

    def setsockopt(self, level: int, option: int, value: int, /) -> None:
        self._sock.setsockopt(level, option, value)

    def shown(self) -> bytes:
        """The certificate of the peer (DER); empty when it has shown none."""
        found = self._tls.getpeercert(binary_form=True) if self._tls is not None else None
        return found or b""

    def recv(self, size: int, /) -> bytes:
        try:
            return self._sock.recv(size)
        except ssl.SSLWantReadError as error:
            raise BlockingIOError from error
        except ssl.SSLEOFError:
            return b""  # Cut off without close_notify: of a message that is not whole, no less an end.

    def recv_into(self, buffer: memoryview, size: int, /) -> int:
        try:
            return self._sock.recv_into(buffer, size)
        except ssl.SSLWantReadError as error:
            raise BlockingIOError from error
        except ssl.SSLEOFError:
            return 0

    def send(self, data: bytes | bytearray, /) -> int:
        """One record at most: of a longer piece OpenSSL would want all of it again, however much has left."""
        try:
            with memoryview(data) as whole:
                return self._sock.send(whole[:_RECORD])
        except ssl.SSLWantWriteError as error:
            raise BlockingIOError from error

    def end(self) -> bool:
        """close_notify (RFC 8446 section 6.1), then the end of our half; what still comes stays encrypted.

        False when the kernel has no room to say so now.
        """
        if self._tls is not None and not self._ended:
            try:
                self._tls.unwrap()
            except ssl.SSLWantWriteError:
                return False
            except ssl.SSLError:
                pass  # It is said; unwrap would wait for the peer's, which lingering does not read.
            self._ended = True
        self._sock.shutdown(SHUT_WR)
        return True

    def close(self, *, complete: bool) -> None:
        """``complete``: nothing of an answer or a request is cut off by it."""
        if complete and self._ready:
            with suppress(OSError):
                self.end()
        self._sock.close()
