"""The listener in a thread of this process over a real socket, and a peer that says what it is told."""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from structlog.typing import FilteringBoundLogger

from server.binding import listen
from server.counting import Counts
from server.hl7v2.link import Link, Links, Named
from server.hl7v2.listen.admission import Admission
from server.hl7v2.listen.counts import NAMES
from server.hl7v2.listen.limits import Limits
from server.hl7v2.listen.loop import Loop
from server.hl7v2.listen.telling import Telling
from server.line import Entry, Line, PlainLine
from server.log import logger
from server.messages import Hearing
from server.seats import Seats
from server.tally import Tally

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
HERE = (ipaddress.ip_network("127.0.0.0/8"),)
ANYBODY = {"anybody": Link("anybody", Named(), HERE)}


def message(control_id: str, text: str = "x") -> bytes:
    """Of a structure that nobody here looks at."""
    head = f"MSH|^~\\&|RIS|DEMO|||20260105080000||ORU^R01^ORU_R01|{control_id}|P|2.5.1"
    return f"{head}\rOBX|1|TX|||{text}\r".encode()


def control_id(payload: bytes) -> str:
    found = re.match(rb"MSH\|(?:[^|\r]*\|){8}([^|\r]*)", payload)
    return found[1].decode() if found else ""


def accepted(payload: bytes) -> bytes:
    return b"MSH|^~\\&|||||||ACK|1|P|2.5.1\rMSA|AA|" + control_id(payload).encode()


@dataclass
class Heard:
    """A Hearing that remembers, and answers what ``answer`` makes of it."""

    answer: Callable[[bytes], bytes | None] = accepted
    payloads: list[bytes] = field(default_factory=list)
    links: list[tuple[str, ...]] = field(default_factory=list)
    begins: list[bytes] = field(default_factory=list)

    def hear(self, payload: bytes, links: tuple[str, ...], received_at: datetime) -> bytes | None:
        assert received_at == NOW
        self.payloads.append(payload)
        self.links.append(links)
        return self.answer(payload)

    def torn(self, payload: bytes, links: tuple[str, ...], received_at: datetime) -> bytes | None:
        assert links
        assert received_at == NOW
        return b"MSH|^~\\&|||||||ACK|1|P|2.5.1\rMSA|AE|" + control_id(payload).encode()

    def too_long(self, begin: bytes, links: tuple[str, ...], received_at: datetime) -> bytes | None:
        assert links
        assert received_at == NOW
        self.begins.append(begin)
        return b"MSH|^~\\&|||||||ACK|1|P|2.5.1\rMSA|AR|" + control_id(begin).encode()


class Door:
    """Open inside ``with``."""

    def __init__(
        self,
        hearing: Hearing,
        limits: Limits | None = None,
        links: Links | Callable[[], Links] = ANYBODY,
        *,
        line: Callable[[socket.socket], Line] = PlainLine,
        log: FilteringBoundLogger | None = None,
    ) -> None:
        log = log or logger()
        self.limits = limits or Limits()
        self.seats = Seats(self.limits.connections, self.limits.connections_per_peer)
        self._counts = Counts(NAMES, 1)
        self._listener = listen("127.0.0.1", 0, "none")
        self.port: int = self._listener.getsockname()[1]
        self.loop = Loop(
            [Entry(self._listener, line)],
            hearing,
            Admission(links if callable(links) else lambda: links, self.seats),
            limits=self.limits,
            clock=lambda: NOW,
            telling=Telling(Tally(self._counts.part(0)), log),
            log=log,
        )
        self._stop = threading.Event()
        self._told = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)
        self._listener.close()
        self.seats.close()
        assert not self._thread.is_alive()

    def _run(self) -> None:
        self.loop.start()
        while not self._stop.is_set() and not self.loop.broken:
            if self._told.is_set():
                self._told.clear()
                self.loop.stop()
            self.loop.turn()
        self.loop.close()

    def stop(self) -> None:
        """As a process does that is told to end."""
        self._told.set()

    def counted(self, name: str) -> int:
        """A name that /metrics does not know is an error."""
        return self._counts.told(0.0, 0).counts[name]

    def speaker(self, trusts: ssl.SSLContext | None = None, source: str = "127.0.0.1") -> Speaker:
        return Speaker(self.port, trusts, source)


@dataclass
class Speaker:
    """A raw peer."""

    port: int
    trusts: ssl.SSLContext | None = None
    """Speaks TLS with it."""
    source: str = "127.0.0.1"
    sock: socket.socket = field(init=False)
    _come: bytes = b""

    def __post_init__(self) -> None:
        self.sock = socket.create_connection(
            ("127.0.0.1", self.port), timeout=10, source_address=(self.source, 0)
        )
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.trusts is not None:
            self.sock = self.trusts.wrap_socket(self.sock, server_hostname="localhost")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, *parts: bytes) -> None:
        with suppress(ConnectionError):  # what is refused early may not be read to its end
            self.sock.sendall(b"".join(parts))

    def say(self, payload: bytes) -> bytes:
        """The answer to a message."""
        self.send(b"\x0b", payload, b"\x1c\r")
        return self.read()

    def read(self) -> bytes:
        """The next message; empty when the connection has ended."""
        while b"\x1c\r" not in self._come:
            try:
                more = self.sock.recv(65536)
            except ConnectionError:
                more = b""
            if not more:
                assert not self._come, self._come
                return b""
            self._come += more
        whole, _, self._come = self._come.partition(b"\x1c\r")
        assert whole[:1] == b"\x0b", whole
        return whole[1:]
