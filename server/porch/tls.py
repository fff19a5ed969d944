"""TLS at the HTTP door: whoever speaks plain HTTP there is told so.

An answer that has begun is never exchanged for another (``Outbox.begun``): what OpenSSL could not write it
wants again.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from socket import socket

from server import tls
from server.certificates import Certificates
from server.porch.reasons import Reason, Refusal

_PLAIN_HTTP = ("HTTP_REQUEST", "HTTPS_PROXY_REQUEST")
"""OpenSSL's names for a first record that is a request in clear text."""


class TlsLine(tls.TlsLine):
    """A Line (``server/line.py``)."""

    def shake_hands(self) -> int:
        """Raises Refusal, to be said in clear text, for what is no handshake but a request."""
        try:
            return super().shake_hands()
        except ssl.SSLError as error:
            if error.reason not in _PLAIN_HTTP or self._tls is None:
                raise
            self._sock, self._tls = socket(fileno=self._tls.detach()), None
            self._sock.setblocking(False)
            raise Refusal(Reason.NOT_TLS) from error


def lines(certificates: Certificates) -> Callable[[socket], TlsLine]:
    """Makes lines under the certificate of now; raises OSError when the peer has left already."""
    return lambda sock: TlsLine(sock, certificates.context())
