"""The receiving half in a thread of this process over a real socket, and a peer that says what it is told."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from struct import unpack_from
from typing import Self

from server.binding import listen
from server.dicom.limits import Limits
from server.dicom.pace import Throttle
from server.dicom.peers import Peers
from server.dicom.receive.admission import Admission
from server.dicom.receive.conversation import Conversation
from server.dicom.receive.loop import Loop
from server.dicom.receive.operation import Asking, Operation, Operations
from server.dicom.receive.staging import Staging
from server.line import Entry, Line, PlainLine
from server.log import logger
from server.objects import Holding
from server.seats import Seats
from server.store.vault import Vault
from server.tally import Tally
from tests.dicom import wire
from tests.flow.processes import until

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


class Nothing:
    """For a door that is asked nothing."""

    def begin(self, asking: Asking) -> Operation:
        raise NotImplementedError


class Door:
    """Open inside ``with``."""

    def __init__(
        self,
        folder: Path,
        limits: Limits | None = None,
        peers: Peers | None = None,
        holding: Holding | None = None,
        operations: Operations | None = None,
        *,
        line: Callable[[socket.socket], Line] = PlainLine,
    ) -> None:
        self.folder = folder
        self.limits = limits or Limits()
        self.seats = Seats(self.limits.associations, self.limits.associations_per_peer)
        self.admission = Admission(lambda: peers or Peers(), self.seats, Throttle(self.limits))
        self._tally = Tally()
        self._listener = listen("127.0.0.1", 0, "none")
        self.port: int = self._listener.getsockname()[1]
        conversation = Conversation(
            self.admission,
            operations=operations or Nothing(),
            limits=self.limits,
            clock=lambda: NOW,
            tally=self._tally,
            log=logger(),
        )
        self.loop = Loop(
            [Entry(self._listener, line)],
            conversation,
            holding or Staging(Vault(folder)),
            self.admission,
            limits=self.limits,
            tally=self._tally,
            log=logger(),
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
        self.close()
        assert not self._thread.is_alive()

    def close(self) -> None:
        """Of a door whose loop is turned by the test itself."""
        self._listener.close()

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

    def stored(self) -> list[bytes]:
        """The files that are held."""
        return [each.read_bytes() for each in sorted((self.folder / "vault").rglob("*")) if each.is_file()]

    def staged(self) -> list[Path]:
        return list((self.folder / "staging").iterdir())

    def demand_clean(self) -> None:
        until(lambda: not self.staged(), 5.0, "nothing is left in the staging folder")

    def speaker(self) -> Speaker:
        return Speaker(self.port)

    def associated(self, request: bytes | None = None, trusts: ssl.SSLContext | None = None) -> Speaker:
        speaker = Speaker(self.port, trusts)
        speaker.send(wire.request() if request is None else request)
        assert speaker.read()[0] == 0x02
        return speaker


@dataclass
class Speaker:
    """A raw peer."""

    port: int
    trusts: ssl.SSLContext | None = None
    """Speaks TLS with it."""
    sock: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.sock = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.trusts is not None:
            self.sock = self.trusts.wrap_socket(self.sock, server_hostname="localhost")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, *parts: bytes) -> None:
        with suppress(ConnectionError, BrokenPipeError):  # what is refused early may not be read to its end
            self.sock.sendall(b"".join(parts))

    def read(self) -> tuple[int, bytes]:
        """The next PDU; type 0 when the connection has ended."""
        head = self._exactly(6)
        if len(head) < 6:
            return 0, b""
        kind, length = unpack_from(">BxI", head)
        return kind, self._exactly(length)

    def ended(self) -> bool:
        return self.read() == (0, b"")

    def status(self) -> tuple[int, str]:
        """Of the response that comes next: the status, and the comment."""
        kind, payload = self.read()
        assert kind == 0x04, f"PDU {kind:02x} {payload.hex()}"
        found = _elements(payload[6:])
        return int.from_bytes(found[0x900], "little"), found.get(0x902, b"").decode().strip()

    def store(self, data: bytes, *, context: int = 3, command: bytes | None = None) -> tuple[int, str]:
        self.send_store(data, context=context, command=command)
        return self.status()

    def send_store(self, data: bytes, *, context: int = 3, command: bytes | None = None) -> None:
        self.send(wire.data(context, 3, wire.store() if command is None else command))
        size = 16384 - 6
        parts = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
        for number, part in enumerate(parts, start=1):
            self.send(wire.data(context, 2 if number == len(parts) else 0, part))

    def echo(self) -> int:
        self.send(wire.data(1, 3, wire.echo()))
        return self.status()[0]

    def _exactly(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            try:
                more = self.sock.recv(size - len(got))
            except ConnectionError:
                more = b""
            if not more:
                break
            got += more
        return got


def _elements(encoded: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at < len(encoded):
        _, tag, length = unpack_from("<HHI", encoded, at)
        found[tag] = encoded[at + 8 : at + 8 + length]
        at += 8 + length
    return found
