"""A lean MLLP client for load: one process, some connections, each with one message that is not answered yet.

Messages are prepared bytes; of an answer only its code and the control id that it names are read. A peer that
closes after each answer is connected to anew, which is part of what it takes.
"""

from __future__ import annotations

import itertools
import multiprocessing
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe

from conformance.bench.load import LoadFailed

_END = b"\x1c\r"
_PATIENCE = 30.0
"""Seconds without any answer after which the load is given up."""


@dataclass(frozen=True, slots=True)
class Load:
    """What to send, over how many connections, for how long."""

    host: str
    port: int
    pieces: tuple[bytes, ...]
    """A message, cut where the 8 digits stand that make it unlike any other; MSH-10 ends with the first."""
    first: int
    """Where the numbers begin."""
    connections: int
    seconds: float
    closes: bool = False
    """The peer closes after each answer."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What came back."""

    answers: int
    seconds: float
    latencies: list[float] = field(repr=False)
    """Seconds from the first byte sent to the last received, one for each answer."""

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


def fire(load: Load) -> Tally:
    """Run a load in a process of its own.

    Raises:
        LoadFailed: a message was not accepted.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_in_process, args=(load, theirs))
    process.start()
    theirs.close()
    try:
        outcome = ours.recv()
    except EOFError as error:
        raise LoadFailed("the load process ended without a word") from error
    finally:
        process.join()
    if isinstance(outcome, Tally):
        return outcome
    raise LoadFailed(str(outcome))


def _in_process(load: Load, pipe: Pipe) -> None:
    try:
        pipe.send(drive(load))
    except (LoadFailed, OSError) as error:
        pipe.send(str(error))


def drive(load: Load) -> Tally:
    """Send and receive in this process; every message that was begun is waited for.

    Raises:
        LoadFailed: a message was not accepted; nothing came for half a minute.
    """
    messages = _messages(load)
    lines = [_Line(load) for _ in range(load.connections)]
    latencies: list[float] = []
    began = time.perf_counter()
    until = began + load.seconds
    for line in lines:
        line.send(*next(messages))
    busy = list(lines)
    while busy:
        ready, _, _ = select.select(busy, (), (), _PATIENCE)
        if not ready:
            raise LoadFailed(f"no answer within {_PATIENCE:.0f} s")
        for line in ready:
            if not line.receive():
                continue
            now = time.perf_counter()
            latencies.append(now - line.sent_at)
            if now < until:
                line.send(*next(messages))
            else:
                busy.remove(line)
    seconds = time.perf_counter() - began
    for line in lines:
        line.close()
    return Tally(len(latencies), seconds, latencies)


def _messages(load: Load) -> Iterator[tuple[bytes, bytes]]:
    """Each in its block, and what its answer says when it is accepted."""
    for number in itertools.count(load.first):
        digits = b"%08d" % number
        head = load.pieces[0] + digits
        named = b"MSA|AA|" + head[head.rindex(b"|") + 1 :]
        yield b"\x0b" + digits.join(load.pieces) + _END, named


class _Line:
    """One connection at a time."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._socket = self._connect()
        self._inbox, self._expected = b"", b""
        self._fresh = True
        self.sent_at = 0.0

    def _connect(self) -> socket.socket:
        made = socket.create_connection((self._load.host, self._load.port), _PATIENCE)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, message: bytes, expected: bytes) -> None:
        self.sent_at = time.perf_counter()
        if self._load.closes and not self._fresh:
            self._socket.close()
            self._socket = self._connect()
        self._fresh, self._expected = False, expected
        self._socket.sendall(message)

    def receive(self) -> bool:
        """Take what has come; True when the answer is whole."""
        data = self._socket.recv(65536)
        if not data:
            raise LoadFailed("the server closed a connection that was in use")
        self._inbox += data
        if not self._inbox.endswith(_END):
            return False
        answer, self._inbox = self._inbox, b""
        if self._expected not in answer:
            raise LoadFailed(f"not accepted: {answer[:400]!r}")
        return True

    def close(self) -> None:
        self._socket.close()
