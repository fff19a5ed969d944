"""What a door may expect of a line, plain or TLS alike."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from server.line import Line, PlainLine
from server.tls import TlsLine
from tests.certificates import Authority

PATIENCE = 8.0
Pair = tuple[Line, socket.socket]


def _plain(_: Path) -> Pair:
    ours, theirs = socket.socketpair()
    theirs.settimeout(PATIENCE)
    return PlainLine(ours), theirs


def _secured(folder: Path) -> Pair:
    authority = Authority(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
    context.load_cert_chain(*authority.signs("server"))
    context.verify_mode = ssl.CERT_REQUIRED
    trusting = authority.trusted(authority.signs("modality"))
    ours, theirs = socket.socketpair()
    theirs.settimeout(PATIENCE)
    client: list[ssl.SSLSocket] = []

    def call() -> None:
        client.append(trusting.wrap_socket(theirs, server_hostname="localhost", suppress_ragged_eofs=False))

    caller = threading.Thread(target=call)
    line = TlsLine(ours, context)
    assert not line.ready
    caller.start()
    while events := line.shake_hands():
        select.select([line], [line] if events == 2 else [], [], PATIENCE)
    caller.join()
    return line, client[0]


@pytest.fixture(params=[_plain, _secured], ids=["plain", "tls"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """(our line, the peer's end), hands shaken."""
    make: Callable[[Path], Pair] = request.param
    line, peer = make(tmp_path)
    yield line, peer
    peer.close()
    line.close(complete=False)


def _heard(line: Line) -> bool:
    return bool(line.pending or select.select([line], [], [], PATIENCE)[0])


def test_it_is_ready_and_waits_for_nobody(pair: Pair) -> None:
    line, _ = pair
    assert line.ready
    assert line.shake_hands() == 0
    with pytest.raises(BlockingIOError):
        line.recv(10)
    with pytest.raises(BlockingIOError):
        line.recv_into(memoryview(bytearray(10)), 10)


def test_what_is_taken_in_part_is_told_of(pair: Pair) -> None:
    """In part: the rest is waited for by the selector, or is ``pending``."""
    line, peer = pair
    peer.sendall(b"MSH|^~\\&|")
    assert _heard(line)
    assert line.recv(4) == b"MSH|"
    assert _heard(line)
    into = bytearray(3)
    assert line.recv_into(memoryview(into), 3) == 3
    assert into == b"^~\\"
    assert _heard(line)
    assert line.recv(10) == b"&|"
    assert line.pending == 0


def test_a_peer_that_does_not_read_is_not_waited_for(pair: Pair) -> None:
    line, peer = pair
    said, sent = b"0123456789" * 500_000, 0
    with suppress(BlockingIOError):
        while True:
            sent += line.send(said[sent : sent + 100_000])
    assert sent < len(said)
    got = bytearray()
    while len(got) < len(said):
        got += peer.recv(65_536)
        with suppress(BlockingIOError):
            sent += line.send(said[sent : sent + 100_000]) if sent < len(said) else 0
    assert got == said


def test_the_end_of_either_half(pair: Pair) -> None:
    line, peer = pair
    line.send(b"last")
    assert line.end()
    assert peer.recv(4) == b"last"
    assert peer.recv(1) == b""
    peer.shutdown(socket.SHUT_WR) if not isinstance(peer, ssl.SSLSocket) else peer.close()
    assert _heard(line)
    assert line.recv(1) == b""


def test_a_certificate_is_shown_where_there_is_one(pair: Pair, tmp_path: Path) -> None:
    line, _ = pair
    expected = b""
    if isinstance(line, TlsLine):
        expected = ssl.PEM_cert_to_DER_cert((tmp_path / "modality.pem").read_text())
    assert line.shown() == expected


def test_options_are_those_of_the_socket_below(pair: Pair) -> None:
    line, _ = pair
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    with socket.socket(fileno=line.fileno()) as same:
        try:
            assert same.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        finally:
            same.detach()
