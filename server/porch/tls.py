"""One connection's TLS, never blocking. OpenSSL reads and writes the socket itself.

What OpenSSL could not write it wants to be given again, from the same byte on; an answer that has begun
is therefore never exchanged for another (``Outbox.begun``). Renegotiation is off, so that receiving never
waits for room to send, but for a peer who asks for new keys and does not read: that ends the connection.
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE
from socket import SHUT_WR, socket

from server.porch.reasons import Reason, Refusal

_PLAIN_HTTP = ("HTTP_REQUEST", "HTTPS_PROXY_REQUEST")
"""OpenSSL's names for a first record that is a request in clear text."""
_RECORD = 16_384
"""The most that one record holds (RFC 8446 section 5.1)."""


class TlsLine:
    """A Line (``server/porch/line.py``)."""

    def __init__(self, sock: socket, context: ssl.SSLContext) -> None:
        sock.setblocking(False)
        self._tls: ssl.SSLSocket | None = context.wrap_socket(
            sock, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=False
        )
        self._sock: socket = self._tls
        self._ready = False

    @property
    def ready(self) -> bool:
        return self._ready

    @property
    def pending(self) -> int:
        return self._tls.pending() if self._tls is not None else 0

    def fileno(self) -> int:
        return self._sock.fileno()

    def shake_hands(self) -> int:
        if self._tls is None:
            return 0
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return EVENT_READ
        except ssl.SSLWantWriteError:
            return EVENT_WRITE
        except ssl.SSLError as error:
            if error.reason not in _PLAIN_HTTP:
                raise
            self._sock, self._tls = socket(fileno=self._tls.detach()), None
            self._sock.setblocking(False)
            raise Refusal(Reason.NOT_TLS) from error
        self._ready = True
        return 0

    def recv(self, size: int, /) -> bytes:
        try:
            return self._sock.recv(size)
        except ssl.SSLWantReadError as error:
            raise BlockingIOError from error
        except ssl.SSLEOFError:
            return b""  # Cut off without close_notify: for a request that is not whole, no less an end.

    def send(self, data: bytes | bytearray, /) -> int:
        """One record at most: of a longer piece OpenSSL would want all of it again, however much has left."""
        try:
            with memoryview(data) as whole:
                return self._sock.send(whole[:_RECORD])
        except ssl.SSLWantWriteError as error:
            raise BlockingIOError from error

    def end(self) -> bool:
        """close_notify (RFC 8446 section 6.1), then the end of our half; what still comes stays encrypted."""
        if self._tls is not None:
            try:
                self._tls.unwrap()
            except ssl.SSLWantWriteError:
                return False
            except ssl.SSLError:
                pass  # It is said; unwrap would wait for the peer's, which lingering does not read.
        self._sock.shutdown(SHUT_WR)
        return True

    def close(self, *, complete: bool) -> None:
        if complete and self._ready:
            with suppress(OSError):
                self.end()
        self._sock.close()
