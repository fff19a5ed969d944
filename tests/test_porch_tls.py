"""TLS at the door, at real sockets: what only TLS can do wrong. All else, test_porch_wire.py asks of both."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import socket
import ssl
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from server.porch.tls import TlsLine
from tests.certificates import Authority
from tests.test_porch_wire import HASTY, SOON, Peer, ask, outcome, request, seconds_for_health, seen, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("tls"), tls=True) as running:
        assert ask(running, request("/warm")).status == 200
        yield running


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("hasty"), limits=HASTY, tls=True) as running:
        assert ask(running, request("/warm")).status == 200
        yield running


@pytest.fixture
def raw(server):
    with socket.create_connection(server.address, timeout=8.0) as sock:
        yield sock


def hello(server) -> bytes:
    """What a client says first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        server.trusted.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


def to_the_end(sock: socket.socket) -> bytes:
    said = bytearray()
    with suppress(ConnectionResetError):
        while data := sock.recv(65536):
            said += data
    return bytes(said)


# -- who does not come as far as a request


@pytest.mark.parametrize("start", ["silent", "half a hello", "hello"])
def test_peers_without_a_handshake_stop_nobody(server, start: str) -> None:
    whole = hello(server)
    sent = {"silent": b"", "half a hello": whole[:100], "hello": whole}[start]
    with ExitStack() as peers:
        for _ in range(500):
            sock = peers.enter_context(socket.create_connection(server.address, timeout=8.0))
            sock.sendall(sent)
        # Hands are shaken with one after the other, and whoever is new stands behind those who were first.
        assert seconds_for_health(server) < (4.0 if sent == whole else SOON)
        assert seconds_for_health(server) < SOON


@pytest.mark.parametrize("every", [0.0, 0.05], ids=["silent", "dripping"])
def test_a_handshake_has_a_deadline(hasty, every: float) -> None:
    with socket.create_connection(hasty.address, timeout=8.0) as sock:
        start = time.monotonic()
        if every:
            for byte in hello(hasty)[:100]:
                with suppress(ConnectionResetError, BrokenPipeError):
                    sock.sendall(bytes([byte]))
                if select.select([sock], [], [], every)[0]:
                    break
        assert to_the_end(sock) == b""
        assert 0.9 < time.monotonic() - start < 2.0


@pytest.mark.parametrize(
    "sent", [b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 1000, os.urandom(64)], ids=range(3)
)
def test_garbage_is_closed(raw: socket.socket, sent: bytes) -> None:
    raw.sendall(b"\x80" + sent)
    with suppress(OSError):  # Closed by the server already.
        raw.shutdown(socket.SHUT_WR)
    assert b"HTTP" not in to_the_end(raw)


def test_a_peer_that_ends_before_the_handshake_is_closed(server, raw: socket.socket) -> None:
    raw.sendall(hello(server)[:50])
    raw.shutdown(socket.SHUT_WR)
    assert b"HTTP" not in to_the_end(raw)


@pytest.mark.parametrize(
    "sent",
    [request("/no"), request("/no", "Content-Length: 100000", body=b"x" * 100_000)],
    ids=["head", "body"],
)
def test_who_speaks_plain_http_is_told_so(server, sent: bytes) -> None:
    with Peer(SimpleNamespace(address=server.address, trusted=None), sent) as peer:
        answer = peer.answer()
        assert (answer.status, outcome(answer)) == (400, "security")
        peer.end()
        assert peer.closed()
    assert "/no" not in seen(server)


def test_many_handshakes_do_not_keep_those_waiting_who_are_inside(server) -> None:
    """They all begin at one moment, as the loop sees it: what lay there when it was stopped."""
    [worker] = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    with Peer(server, request("/inside")) as inside, ExitStack() as peers:
        inside.answer()
        begun = hello(server)
        others = [
            peers.enter_context(socket.create_connection(server.address, timeout=8.0)) for _ in range(300)
        ]
        assert seconds_for_health(server) < SOON, "those before are accepted"
        os.kill(int(worker), signal.SIGSTOP)
        for each in others:
            each.sendall(begun)
        inside.send(request("/inside"))
        os.kill(int(worker), signal.SIGCONT)
        assert inside.answer().status == 200
        assert len(select.select(others, [], [], 0.0)[0]) < 150


# -- what is spoken


def connected(server, **limits) -> ssl.SSLSocket:
    context = server.authority.trusted()
    for name, value in limits.items():
        setattr(context, name, value)
    context.set_alpn_protocols(["h2", "http/1.1"])
    sock = socket.create_connection(server.address, timeout=8.0)
    return context.wrap_socket(sock, server_hostname="localhost", suppress_ragged_eofs=False)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_today_with_http_1_1_inside(server, version: ssl.TLSVersion) -> None:
    with connected(server, maximum_version=version) as sock:
        assert sock.selected_alpn_protocol() == "http/1.1"
        assert sock.compression() is None
        assert "GCM" in sock.cipher()[0] or "CHACHA" in sock.cipher()[0]
        sock.sendall(request("/v", "Connection: close"))
        assert b"200 OK" in to_the_end(sock), "ended by close_notify: else this raises"


def test_older_versions_are_not_spoken(server) -> None:
    with pytest.warns(DeprecationWarning, match="TLSv1"), pytest.raises(ssl.SSLError):
        connected(server, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)


def test_the_application_is_told_https(server) -> None:
    assert json.loads(ask(server, request("/scheme")).content)[5] == "https"


# -- bytes that no selector tells of


def test_a_request_behind_the_body_in_one_record(server) -> None:
    """The body's room is its length, so that what follows stays inside the TLS layer."""
    head = request("/one", "Content-Length: 3", method="POST")
    with Peer(server, head) as peer:
        assert not peer.hears(0.2), "the head has been read"
        peer.send(b"abc" + request("/two"))
        assert [json.loads(peer.answer().content)[:2] for _ in range(2)] == [["/one", 3], ["/two", 0]]


def test_a_head_that_ends_within_a_record_and_a_body_that_fills_it(server) -> None:
    body = b"x" * 16_000
    head = request("/full", f"Content-Length: {len(body)}", method="POST")
    with Peer(server, head + body[:300]) as peer:
        peer.send(body[300:])
        assert json.loads(peer.answer().content)[1] == len(body)


# -- ends


def test_a_request_cut_off_without_a_close_notify_never_reaches_the_application(server) -> None:
    with Peer(server, request("/torn", "Content-Length: 100", body=b"x" * 50, method="POST")) as peer:
        socket.socket.shutdown(peer.sock, socket.SHUT_WR)
        with suppress(ssl.SSLError, ConnectionResetError, EOFError):
            peer.answer()
    assert "/torn" not in seen(server)


def test_an_idle_connection_is_ended_with_a_close_notify(hasty) -> None:
    with Peer(hasty, request("/idle")) as peer:
        peer.answer()
        assert peer.file.read(1) == b"", "without it this raises"


def test_a_full_house_closes_without_a_word(tmp_path) -> None:
    with serving(tmp_path, limits="connections=2", tls=True) as server, ExitStack() as peers:
        for _ in range(2):
            peers.enter_context(Peer(server, b"GET"))
        sock = peers.enter_context(socket.create_connection(server.address, timeout=8.0))
        assert to_the_end(sock) == b""


# -- certificates


def test_a_renewed_certificate_is_shown_to_new_connections_and_a_broken_one_is_not(tmp_path) -> None:
    with serving(tmp_path, tls=True) as server, Peer(server, request("/old")) as old:
        old.answer()
        first = old.sock.getpeercert()["serialNumber"]
        (tmp_path / "server.key").write_bytes(b"broken")
        _until(lambda: "SECOND_READER_TLS_KEY" in server.log.read_text(), server)
        assert _serial(server) == first
        assert str(tmp_path) not in server.log.read_text().partition("the changed TLS files")[2]
        server.authority.signs("server")
        _until(lambda: _serial(server) != first, server)
        old.send(request("/still"))
        assert old.answer().status == 200


def _serial(server) -> str:
    with Peer(server) as peer:
        return peer.sock.getpeercert()["serialNumber"]


def _until(condition, server) -> None:
    """New connections are what has the files looked at, once a second at most."""
    end = time.monotonic() + 8
    while not condition():
        assert time.monotonic() < end
        ask(server, request("/look"))


def test_with_client_certificates_nobody_comes_in_without(tmp_path) -> None:
    (tmp_path / "clients").mkdir()
    partners = Authority(tmp_path / "clients", "partners")
    stranger = Authority(tmp_path / "clients", "stranger")
    with serving(tmp_path, tls=True, client_ca=partners.file) as server:
        server.trusted = server.authority.trusted(partners.signs("ehr"))
        assert ask(server, request("/known")).status == 200
        for shown in (None, stranger.signs("ehr2"), server.authority.signs("other")):
            with socket.create_connection(server.address, timeout=8.0) as sock:
                assert not _answered(server.authority.trusted(shown), sock)
        assert "/unknown" not in seen(server)
    assert "no TLS handshake: peer_did_not_return_a_certificate" in server.log.read_text()


def _answered(context: ssl.SSLContext, sock: socket.socket) -> bool:
    try:
        with context.wrap_socket(sock, server_hostname="localhost") as inside:
            inside.sendall(request("/unknown"))
            return bool(inside.recv(1))
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
        return False


# -- the line alone


@pytest.fixture
def pair(tmp_path):
    """(our line, the client's end), hands shaken."""
    authority = Authority(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.signs("server"))
    ours, theirs = socket.socketpair()
    theirs.settimeout(8.0)
    client: list[ssl.SSLSocket] = []
    wrap = threading.Thread(
        target=lambda: client.append(
            authority.trusted().wrap_socket(theirs, server_hostname="localhost", suppress_ragged_eofs=False)
        )
    )
    line = TlsLine(ours, context)
    wrap.start()
    while events := line.shake_hands():
        select.select([line], [line] if events == 2 else [], [], 8.0)
    wrap.join()
    yield line, client[0]
    client[0].close()
    line.close(complete=False)


def test_a_goodbye_that_finds_no_room_is_said_later(pair) -> None:
    line, client = pair
    with suppress(BlockingIOError):
        while True:
            os.write(line.fileno(), b"x" * 1024)
    assert not line.end()
    client.setblocking(False)
    with suppress(BlockingIOError):
        while os.read(client.fileno(), 65536):
            continue
    assert line.end()
    assert len(os.read(client.fileno(), 65536)) > 20, "close_notify"
    assert os.read(client.fileno(), 1) == b""


@pytest.mark.parametrize("again", [16_384, 65_536, 300_000])
def test_what_found_no_room_goes_out_when_it_comes_again(pair, again: int) -> None:
    """Also in smaller pieces: what an answer is begun from is longer than what its rest is sent from."""
    line, client = pair
    said = random.Random(7).randbytes(8_000_000)
    sent, got = 0, bytearray()
    with suppress(BlockingIOError):
        while True:
            sent += line.send(bytearray(said[sent : sent + 200_000]))
    while sent < len(said):
        got += client.recv(65536)
        with suppress(BlockingIOError):
            sent += line.send(said[sent : sent + again])
    while len(got) < sent:
        got += client.recv(65536)
    assert got == said


def test_nothing_to_receive_is_no_end(pair) -> None:
    line, client = pair
    with pytest.raises(BlockingIOError):
        line.recv(10)
    client.sendall(b"0123456789")
    assert (line.recv(4), line.pending, line.recv(10), line.pending) == (b"0123", 6, b"456789", 0)
    with suppress(ssl.SSLError):
        client.setblocking(False)
        client.unwrap()
    assert line.recv(10) == b""


def test_a_goodbye_is_said_once_however_often_the_line_is_ended(pair) -> None:
    line, client = pair
    client.setblocking(False)
    with suppress(ssl.SSLWantReadError):
        client.unwrap()  # theirs is said, so that ours is answered already
    select.select([line], [], [], 8.0)
    assert line.end()
    assert line.end()
    line.close(complete=True)
