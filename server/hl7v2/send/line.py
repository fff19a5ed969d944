"""The connection to one system, kept open; one message at a time, every wait bounded (MLLP, section C.4)."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from enum import Enum, auto
from threading import Lock
from time import monotonic
from typing import Final

from server.errors import Category
from server.hl7v2.framing import KIB, Closed, Frame, Framing, TooLong, Torn, block
from server.hl7v2.send import PATIENCE
from server.hl7v2.send.exchange import Exchange
from server.model import Hl7Destination, Receipt, Trust
from server.ports import Undelivered

_TURN: Final = 1.0
_MOST_UNASKED: Final = 16
_LEAST: Final = 0.01
_PORTION: Final = 16 * KIB
_LARGEST: Final = 256 * KIB
"""Bytes of one answer."""
_ALIVE_AFTER: Final = 30
"""Seconds without traffic after which the kernel asks whether the peer is there; a firewall forgets later."""


class _End(Enum):
    """How it ends without an answer."""

    SILENT = auto()
    HUNG_UP = auto()
    """Before its first byte."""


class MllpLine:
    """Any thread may send; they take turns."""

    def __init__(self, to: Hl7Destination) -> None:
        self._to = to
        self._seconds = to.timeout.total_seconds()
        self._turn = Lock()
        self._open: socket.socket | None = None

    def send(self, message: bytes, exchange: Exchange) -> Receipt:
        """What the exchange says in the end.

        Raises:
            Undelivered: as the exchange; UNAVAILABLE when the system cannot be reached or does not answer.
        """
        ends = monotonic() + self._seconds * PATIENCE
        if not self._turn.acquire(timeout=min(self._seconds, _TURN)):  # others wait for this thread
            text = "the message before this one is still waiting for its answer"
            raise Undelivered(Category.UNAVAILABLE, "throttled", text, untouched=True)
        try:
            return self._in_turn(message, exchange, ends)
        finally:
            self._turn.release()

    def close(self) -> None:
        if self._open is not None:
            with suppress(OSError):
                self._open.close()
            self._open = None

    def _in_turn(self, message: bytes, exchange: Exchange, ends: float) -> Receipt:
        """A connection on which an answer may still come is not used for another message.

        Some systems hang up behind each answer, and it may be seen too late: then the message goes once more,
        on a new connection, as it would after any silence.
        """
        kept = self._open is not None
        told = self._told(message, exchange, ends)
        if told is _End.HUNG_UP and kept:
            told = self._told(message, exchange, ends)
        return told if isinstance(told, Receipt) else exchange.over()

    def _told(self, message: bytes, exchange: Exchange, ends: float) -> Receipt | _End:
        line, heard = self._connected(), False
        framing, until = Framing(_LARGEST), self._later(ends)
        try:
            line.settimeout(max(until - monotonic(), _LEAST))
            line.sendall(block(message))
            if exchange.unanswered:
                return exchange.written()
            until = self._later(ends)
            while data := self._received(line, until):
                heard, committed = True, exchange.committed
                framing.feed(data)
                if (receipt := _answer(framing, exchange)) is not None:
                    return receipt
                settled = (
                    framing.settle()
                )  # whoever waits for one answer lets no byte behind it stand in the way
                if settled is not None and (receipt := exchange.heard(settled.payload)) is not None:
                    return receipt
                if exchange.committed and not committed:
                    until = self._later(ends)
            if (receipt := _last_answer(framing, exchange)) is not None:
                self.close()
                return receipt
        except TimeoutError:
            heard = True
        except OSError:
            pass  # its end, with or without a word
        self.close()
        return _End.SILENT if heard else _End.HUNG_UP

    def _received(self, line: socket.socket, until: float) -> bytes:
        """Empty after its last byte. Raises TimeoutError."""
        left = until - monotonic()
        if left <= 0:
            raise TimeoutError
        line.settimeout(left)
        return line.recv(_PORTION)

    def _later(self, ends: float) -> float:
        return min(ends, monotonic() + self._seconds)

    def _connected(self) -> socket.socket:
        if self._open is not None and _over(self._open):
            self.close()
        if self._open is None:
            self._open = self._connect()
        return self._open

    def _connect(self) -> socket.socket:
        trust = self._to.trust
        context = None if trust is None else _context(trust)
        try:
            line = socket.create_connection((self._to.host, self._to.port), self._seconds)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _ALIVE_AFTER)
        except (OSError, UnicodeError) as error:  # a name that none can have
            text = "the system cannot be reached"
            raise Undelivered(Category.UNAVAILABLE, "transient", text, untouched=True) from error
        return line if context is None else self._secured(line, context)

    def _secured(self, line: socket.socket, context: ssl.SSLContext) -> socket.socket:
        try:
            return context.wrap_socket(line, server_hostname=self._to.host)
        except OSError as error:  # ssl.SSLError is one
            line.close()
            text = "the system cannot be reached by TLS"
            if isinstance(error, ssl.SSLCertVerificationError):
                text = "the system's certificate is not one that is believed here"
            raise Undelivered(Category.UNAVAILABLE, "security", text, untouched=True) from error


def _answer(framing: Framing, exchange: Exchange) -> Receipt | None:
    """Raises OSError when what comes is no MLLP, so that nothing more can be understood."""
    while (event := framing.take()) is not None:
        if isinstance(event, Closed | TooLong):
            raise ConnectionAbortedError
        receipt = exchange.heard(event.payload) if isinstance(event, Frame | Torn) else None
        if receipt is not None:
            return receipt
    return None


def _last_answer(framing: Framing, exchange: Exchange) -> Receipt | None:
    """The peer has hung up behind an answer that it has ended in its own way."""
    rest = framing.rest
    framing.close()
    try:
        found = _answer(framing, exchange)
    except ConnectionAbortedError:
        found = None
    return exchange.heard(rest) if found is None and rest else found


def _over(line: socket.socket) -> bool:
    """Whether the peer has ended it; what it has said meanwhile, unasked, is not kept."""
    line.settimeout(0)
    try:
        for _ in range(_MOST_UNASKED):
            if not line.recv(_PORTION):
                return True
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        pass
    return True


def _context(trust: Trust) -> ssl.SSLContext:
    try:
        made = ssl.create_default_context(cafile=trust.ca or None)
        if trust.certificate:
            # An encrypted key would be asked for at the terminal; this password opens none.
            made.load_cert_chain(trust.certificate, trust.certificate_key or None, password=lambda: b"")
    except OSError as error:
        text = "a certificate file of the system cannot be used; check tells which"
        raise Undelivered(Category.UNAVAILABLE, "security", text, untouched=True) from error
    return made
