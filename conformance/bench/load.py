"""A lean HTTP client for load: one process, many kept-alive connections, each with one request open.

Requests are prepared bytes; of an answer only its status and its length are read. A client that
parsed JSON would take the cores from the server it measures.
"""

from __future__ import annotations

import itertools
import multiprocessing
import resource
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_PATIENCE = 30.0
"""Seconds without any answer after which the load is given up."""


class LoadFailed(Exception):
    """The server answered otherwise than expected, or not at all."""


@dataclass(frozen=True, slots=True)
class Load:
    """What to send, from how many connections, for how long."""

    host: str
    port: int
    expected: int
    """The HTTP status of every answer."""
    shots: tuple[tuple[bytes, ...], ...]
    """Whole requests, sent in turn, each cut where the 8 digits stand that make it unlike any other."""
    first: int
    """Where the numbers begin."""
    connections: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Tally:
    """What came back."""

    answers: int
    seconds: float
    cpu_seconds: float
    """Of the client process, while it sent and received."""
    latencies: list[float] = field(repr=False)
    """Seconds from the first byte sent to the last received, one for each answer."""

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


def fire(load: Load) -> Tally:
    """Run a load in a process of its own.

    Raises:
        LoadFailed: an answer was not as expected.
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
    """Send and receive in this process; every request that was begun is waited for.

    Raises:
        LoadFailed: an answer was not as expected; nothing came for half a minute.
    """
    requests = _requests(load)
    poll = select.epoll()
    lines = {line.fileno(): line for line in (_Line(load.host, load.port) for _ in range(load.connections))}
    for number in lines:
        poll.register(number, select.EPOLLIN)
    latencies: list[float] = []
    cpu, began = _cpu(), time.perf_counter()
    until = began + load.seconds
    for line in lines.values():
        line.send(next(requests))
    busy = len(lines)
    while busy:
        ready = poll.poll(_PATIENCE)
        if not ready:
            raise LoadFailed(f"no answer within {_PATIENCE:.0f} s")
        for number, _ in ready:
            line = lines[number]
            if not line.receive(load.expected):
                continue
            now = time.perf_counter()
            latencies.append(now - line.sent_at)
            if now < until:
                line.send(next(requests))
            else:
                busy -= 1
    seconds = time.perf_counter() - began
    tally = Tally(len(latencies), seconds, _cpu() - cpu, latencies)
    poll.close()
    for line in lines.values():
        line.close()
    return tally


def _requests(load: Load) -> Iterator[bytes]:
    numbered = zip(itertools.count(load.first), itertools.cycle(load.shots))
    return ((b"%08d" % number).join(pieces) for number, pieces in numbered)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class _Line:
    """One connection."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), _PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._inbox = b""
        self.sent_at = 0.0

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, request: bytes) -> None:
        self.sent_at = time.perf_counter()
        self._socket.sendall(request)

    def receive(self, expected: int) -> bool:
        """Take what has come; True when the answer is whole."""
        data = self._socket.recv(65536)
        if not data:
            raise LoadFailed("the server closed a connection that was in use")
        self._inbox += data
        head, end, body = self._inbox.partition(_END)
        if not end:
            return False
        if int(head[9:12]) != expected:
            raise LoadFailed(f"HTTP {head[9:12].decode()} where {expected} was expected: {body[:400]!r}")
        if len(body) < _length(head):
            return False
        self._inbox = b""
        return True

    def close(self) -> None:
        self._socket.close()


def _length(head: bytes) -> int:
    at = head.lower().find(_LENGTH)
    if at < 0:
        raise LoadFailed("an answer came without Content-Length")
    return int(head[at + len(_LENGTH) :].partition(b"\r\n")[0])
