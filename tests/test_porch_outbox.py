"""An answer is taken at once and sent at the peer's pace."""

from __future__ import annotations

import socket
from contextlib import suppress
from functools import partial

import pytest

from server.line import PlainLine
from server.porch.limits import KIB, MIB, PorchLimits
from server.porch.outbox import Outbox
from server.porch.spool import Memory, Spool

LIMITS = PorchLimits(spool_bytes=256 * KIB)


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_peer_that_does_not_read_gets_everything_later(pair) -> None:
    ours, theirs = pair
    memory = Memory(MIB)
    outbox = Outbox(PlainLine(ours), partial(Spool, LIMITS, memory))
    data = bytes(range(256)) * 16 * KIB
    for at in range(0, len(data), 100_000):
        outbox.sendall(data[at : at + 100_000])
    assert not outbox.flush()
    assert memory.held <= LIMITS.spool_bytes
    got = bytearray()
    while len(got) < len(data):
        got += theirs.recv(MIB)
        outbox.flush()
    assert got == data
    assert outbox.flush()
    assert outbox.sent == len(data)
    assert outbox.begun
    outbox.close()
    assert (outbox.sent, memory.held, outbox.begun) == (0, 0, False)


def test_a_small_answer_leaves_in_one_piece(pair) -> None:
    ours, theirs = pair
    outbox = Outbox(PlainLine(ours), partial(Spool, LIMITS, Memory(MIB)))
    outbox.sendall(b"head ")
    outbox.sendall(b"body")
    theirs.setblocking(False)
    with pytest.raises(BlockingIOError):
        theirs.recv(100)
    assert not outbox.begun
    assert outbox.flush()
    assert theirs.recv(100) == b"head body"


def test_an_answer_has_begun_when_it_was_tried(pair) -> None:
    """OpenSSL wants what it could not send again: nothing else may be sent in its place."""
    ours, _ = pair
    line = PlainLine(ours)
    outbox = Outbox(line, partial(Spool, LIMITS, Memory(MIB)))
    with suppress(BlockingIOError):
        while True:
            line.send(b"x" * 4096)
    outbox.sendall(b"x" * 100_000)
    assert (outbox.begun, outbox.sent) == (True, 0)
    outbox.close()


def test_a_peer_that_has_left_stops_nothing(pair) -> None:
    ours, theirs = pair
    theirs.close()
    memory = Memory(MIB)
    outbox = Outbox(PlainLine(ours), partial(Spool, LIMITS, memory))
    for _ in range(10):
        outbox.sendall(b"x" * 100_000)
    assert outbox.gone
    assert not outbox.flush()
    outbox.close()
    assert memory.held == 0
