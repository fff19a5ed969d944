"""A real gunicorn master with our worker, and peers that behave badly on real sockets, plain and under TLS.

Limits are shortened so that deadlines pass while one waits. With `PORCH_WORKER=gthread` in the environment,
the failures show what gunicorn's own worker lets through.
"""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.config import Config
from gunicorn.errors import ConfigError

from server.porch.worker import Worker
from tests.certificates import Authority

ROOT = Path(__file__).parents[1]
MIB = 1024 * 1024
SOON = 0.5
"""Seconds within which a healthy server answers, whatever others do."""

HASTY = (
    "handshake_seconds=1.0, head_seconds=1.0, body_seconds=2.0, idle_seconds=1.0, grace_seconds=0.5, "
    "pace_bytes=4096"
)
SMALL = "body_bytes=8 * 1024 * 1024, spool_bytes=65536"
"""Deadlines as by default: what these servers must bear, they bear for as long as a test takes."""
CONFIG = """
import os
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from server.certificates import TlsFiles
from server.porch.limits import PorchLimits
from server.porch.worker import Worker

class Shortened(Worker):
    limits = PorchLimits({limits})
    tls = {tls}

worker_class = os.environ.get("PORCH_WORKER", Shortened)
threads = 8
graceful_timeout = 10
control_socket_disable = True
"""

_seen: list[str] = []


def app(environ, start_response):
    """What the server under test runs: says what it was given, and which paths it was called for."""
    path = environ["PATH_INFO"]
    if path == "/seen":
        said = _seen
    else:
        _seen.append(path)
        if path == "/fail":
            raise ValueError(environ["QUERY_STRING"])
        if path == "/wait":
            _wait(Path(environ["QUERY_STRING"]))
        body = environ["wsgi.input"].read()
        said = [
            path,
            len(body),
            hashlib.sha256(body).hexdigest(),
            environ.get("CONTENT_LENGTH"),
            sorted(environ),
            environ["wsgi.url_scheme"],
        ]
    content = (
        b"x" * int(environ["QUERY_STRING"]) if path == "/large" else json.dumps(said, default=str).encode()
    )
    announced = len(content) + (10 if path == "/short" else 0)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(announced))])
    return [content]


def _wait(folder: Path) -> None:
    (folder / "entered").touch()
    while not (folder / "go").exists():
        time.sleep(0.01)


@contextmanager
def serving(
    folder: Path,
    *,
    limits: str = SMALL,
    unix: bool = False,
    workers: int = 1,
    tls: bool = False,
    client_ca: Path | None = None,
):
    """A gunicorn master on a socket that listens already: connecting needs no waiting."""
    authority = Authority(folder) if tls else None
    files = [str(each) for each in (*authority.signs("server"), client_ca) if each] if authority else []
    arguments = ", ".join(f"Path({each!r})" for each in files)
    config = folder / "gunicorn_test.py"
    config.write_text(
        CONFIG.format(limits=limits, root=str(ROOT), tls=f"TlsFiles({arguments})" if tls else None)
    )
    listener = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
    listener.bind(str(folder / "s") if unix else ("127.0.0.1", 0))
    listener.listen(1024)
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        str(config),
        "--pythonpath",
        f"{ROOT},{ROOT / 'tests'}",
    ]
    command += ["-b", f"fd://{listener.fileno()}", "-w", str(workers), "test_porch_wire:app"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, pass_fds=[listener.fileno()], stdout=log, stderr=log, cwd=folder)
    address = listener.getsockname()
    listener.close()
    try:
        yield SimpleNamespace(
            address=address,
            process=process,
            log=folder / "log",
            authority=authority,
            trusted=authority and authority.trusted(),
        )
    finally:
        process.terminate()
        process.wait(20)


class Peer:
    """One connection, spoken to in bytes; under TLS when the server does."""

    def __init__(self, server, sent: bytes = b"", timeout: float = 8.0) -> None:
        self.sock = socket.socket(socket.AF_UNIX if isinstance(server.address, str) else socket.AF_INET)
        self.sock.settimeout(timeout)
        self.sock.connect(server.address)
        if server.trusted:
            self.sock = server.trusted.wrap_socket(
                self.sock, server_hostname="127.0.0.1", suppress_ragged_eofs=False
            )
        self.file = self.sock.makefile("rb")
        self._heard = b""
        self.send(sent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def end(self) -> None:
        """No more will be sent, but answers are read."""
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.setblocking(False)
            with suppress(ssl.SSLError):  # It would wait for the server's close_notify.
                self.sock.unwrap()
            self.sock.settimeout(8.0)
        socket.socket.shutdown(self.sock, socket.SHUT_WR)

    def hears(self, within: float) -> bool:
        """True when an answer begins within so many seconds."""
        self.sock.settimeout(within)
        try:
            self._heard += self.sock.recv(1)
        except TimeoutError:
            return False
        finally:
            self.sock.settimeout(8.0)
        return True

    def answer(self, *, bodyless: bool = False) -> SimpleNamespace:
        line, self._heard = self._heard + self.file.readline(), b""
        if not line:
            raise EOFError
        fields = {}
        while (field := self.file.readline().rstrip(b"\r\n")) != b"":
            name, value = field.decode().split(": ", 1)
            fields[name.lower()] = value
        content = b"" if bodyless else self.file.read(int(fields.get("content-length", 0)))
        return SimpleNamespace(status=int(line.split()[1]), fields=fields, content=content)

    def waits(self) -> bool:
        """True while the server has neither answered nor closed."""
        self.sock.setblocking(False)
        try:
            self.sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        return False

    def closed(self) -> bool:
        try:
            return self.file.read(1) == b""
        except (ConnectionResetError, ssl.SSLZeroReturnError):
            return True


def request(path: str, *fields: str, body: bytes = b"", method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: h", *fields, "", ""]).encode() + body


def post(path: str, body: bytes) -> bytes:
    return request(path, f"Content-Length: {len(body)}", body=body, method="POST")


def chunked(path: str, *pieces: bytes) -> bytes:
    wire = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return request(path, "Transfer-Encoding: chunked", body=wire, method="POST")


def ask(server, sent: bytes) -> SimpleNamespace:
    with Peer(server, sent) as peer:
        return peer.answer()


def seconds_for_health(server) -> float:
    start = time.monotonic()
    assert ask(server, request("/health")).status == 200
    return time.monotonic() - start


def seen(server) -> list[str]:
    return json.loads(ask(server, request("/seen")).content)


def outcome(answer) -> str:
    assert answer.fields["content-type"].startswith("application/fhir+json")
    said = json.loads(answer.content)
    assert said["resourceType"] == "OperationOutcome"
    return said["issue"][0]["code"]


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "TLS"])
def tls(request):
    return request.param


@pytest.fixture(scope="module")
def server(tls, tmp_path_factory):
    with serving(tmp_path_factory.mktemp("porch"), tls=tls) as running:
        assert ask(running, request("/warm")).status == 200
        yield running


@pytest.fixture(scope="module")
def hasty(tls, tmp_path_factory):
    with serving(tmp_path_factory.mktemp("hasty"), limits=HASTY, tls=tls) as running:
        assert ask(running, request("/warm")).status == 200
        yield running


# -- peers that say nothing, or not enough


@pytest.mark.parametrize("count", [32, 500])
@pytest.mark.parametrize(
    "start",
    [b"", b"GET / HTTP/1.1\r\nHo", request("/half", "Content-Length: 1000", body=b"x" * 500, method="POST")],
    ids=["silent", "half a head", "half a body"],
)
def test_waiting_peers_stop_nobody(server, start: bytes, count: int) -> None:
    with ExitStack() as peers:
        waiting = [peers.enter_context(Peer(server, start)) for _ in range(count)]
        assert seconds_for_health(server) < SOON
        assert seconds_for_health(server) < SOON
        assert all(peer.waits() for peer in waiting)
    assert "/half" not in seen(server)


def test_a_silent_connection_is_closed_without_a_word(hasty) -> None:
    with Peer(hasty) as peer:
        assert peer.closed()


def drip(peer: Peer, data: bytes, every: float) -> float:
    """Send byte by byte until an answer comes; how long that took."""
    start = time.monotonic()
    for at in range(len(data)):
        peer.send(data[at : at + 1])
        if peer.hears(every):
            break
    return time.monotonic() - start


def test_a_dripping_head_ends_at_its_deadline(hasty) -> None:
    """F-071."""
    with Peer(hasty) as peer:
        took = drip(peer, request("/drip", "A: " + "x" * 1000), 0.05)
        answer = peer.answer()
        assert (answer.status, outcome(answer)) == (408, "timeout")
        assert 0.9 < took < 2.0
        peer.end()
        assert peer.closed()


def test_a_dripping_body_ends_when_it_falls_behind(hasty) -> None:
    """F-072."""
    with Peer(hasty, request("/drip", "Content-Length: 1000", method="POST")) as peer:
        took = drip(peer, b"x" * 1000, 0.05)
        assert peer.answer().status == 408
        assert 0.5 < took < 1.5
    assert "/drip" not in seen(hasty)


def test_a_body_that_keeps_its_pace_has_a_deadline_all_the_same(hasty) -> None:
    with Peer(hasty, request("/paced", "Content-Length: 1000000", method="POST")) as peer:
        start = time.monotonic()
        answered = False
        while not answered and time.monotonic() - start < 6:
            peer.send(b"x" * 1000)
            answered = peer.hears(0.05)
        assert peer.answer().status == 408
        assert 1.9 < time.monotonic() - start < 3.5


# -- bodies that are not what they claim


@pytest.mark.parametrize(
    "sent",
    [
        request("/cut", "Content-Length: 100000", body=b"x" * 65536, method="POST"),
        request("/cut", "Content-Length: 1", method="POST"),
        chunked("/cut", b"x" * 65536),
        chunked("/cut", b"x" * 65536)[:-2],
        chunked("/cut", b"x" * 65536) + b"0\r\n",
        request("/cut")[:-2],
    ],
    ids=["length", "length, no body", "chunked", "inside a chunk", "before the last line", "head"],
)
def test_a_request_cut_short_never_reaches_the_application(server, sent: bytes) -> None:
    with Peer(server, sent) as peer:
        peer.end()
        answer = peer.answer()
        assert (answer.status, outcome(answer)) == (400, "incomplete")
        assert peer.closed()
    assert "/cut" not in seen(server)


def test_a_peer_that_vanishes_in_a_body_never_reaches_the_application(server) -> None:
    with Peer(server, request("/vanished", "Content-Length: 100000", body=b"x" * 65536, method="POST")):
        pass
    assert "/vanished" not in seen(server)


REFUSED = {
    "length over the limit": (
        request("/no", f"Content-Length: {8 * MIB + 1}", method="POST"),
        413,
        "too-long",
    ),
    "chunked over the limit": (chunked("/no", *[b"x" * MIB] * 9), 413, "too-long"),
    "length and chunked": (
        request("/no", "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n", method="POST"),
        400,
        "structure",
    ),
    "two lengths": (
        request("/no", "Content-Length: 5", "Content-Length: 5", body=b"12345"),
        400,
        "structure",
    ),
    "unknown coding": (
        request("/no", "Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
        501,
        "not-supported",
    ),
    "bad chunk size": (request("/no", "Transfer-Encoding: chunked", body=b"x\r\n\r\n"), 400, "structure"),
    "200 headers": (request("/no", *["A: b"] * 200), 431, "too-long"),
    "64 KiB header": (request("/no", "A: " + "b" * 65536), 431, "too-long"),
    "9 KiB URL": (request("/" + "n" * 9216), 414, "too-long"),
    "TRACE with bare LF": (b"TRACE / HTTP/1.1\nHost: h\n\n", 400, "structure"),
    "CONNECT": (request("h:443", method="CONNECT"), 501, "not-supported"),
    "no Host": (b"GET /no HTTP/1.1\r\n\r\n", 400, "structure"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "not-supported"),
    "a second, smuggled request": (
        request("/no", "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n" + request("/no")),
        400,
        "structure",
    ),
}


@pytest.mark.parametrize(("sent", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_refused_before_the_application(server, sent: bytes, status: int, code: str) -> None:
    with Peer(server, sent) as peer:
        answer = peer.answer()
        assert (answer.status, outcome(answer)) == (status, code)
        assert answer.fields["connection"] == "close"
        peer.end()
        assert peer.closed()
    assert "/no" not in seen(server)


# -- what must work


def test_two_requests_on_one_connection(server) -> None:
    with Peer(server, request("/a")) as peer:
        first = peer.answer()
        peer.send(post("/b", b"12"))
        assert [json.loads(first.content)[0], json.loads(peer.answer().content)[:2]] == ["/a", ["/b", 2]]
        assert first.fields["connection"] == "keep-alive"


def test_an_idle_connection_is_closed(hasty) -> None:
    with Peer(hasty, request("/a")) as peer:
        peer.answer()
        start = time.monotonic()
        assert peer.closed()
        assert 0.9 < time.monotonic() - start < 2.0


@pytest.mark.parametrize("fields", [["Connection: close"], []], ids=["asked to close", "HTTP/1.0"])
def test_a_connection_is_closed_after_the_answer(server, fields: list[str]) -> None:
    sent = request("/bye", *fields)
    with Peer(server, sent if fields else sent.replace(b"HTTP/1.1", b"HTTP/1.0")) as peer:
        answer = peer.answer()
        assert (answer.status, answer.fields["connection"]) == (200, "close")
        assert peer.closed()


def test_pipelined_requests_are_answered_in_order(server) -> None:
    sent = request("/1") + post("/2", b"ab") + chunked("/3", b"abc") + b"0\r\n\r\n" + request("/4")
    with Peer(server, sent) as peer:
        answers = [json.loads(peer.answer().content)[:2] for _ in range(4)]
    assert answers == [["/1", 0], ["/2", 2], ["/3", 3], ["/4", 0]]


def test_head_has_no_body(server) -> None:
    with Peer(server, request("/head", method="HEAD")) as peer:
        answer = peer.answer(bodyless=True)
        assert (answer.status, int(answer.fields["content-length"]) > 0) == (200, True)
        peer.send(request("/after"))
        assert json.loads(peer.answer().content)[0] == "/after"


def test_continue_is_said_before_the_body(server) -> None:
    with Peer(server, request("/c", "Expect: 100-continue", "Content-Length: 5", method="POST")) as peer:
        assert peer.answer(bodyless=True).status == 100
        peer.send(b"12345")
        answer = peer.answer()
        assert (answer.status, json.loads(answer.content)[:2]) == (200, ["/c", 5])


def test_a_body_too_large_is_refused_instead_of_continued(server) -> None:
    fields = ["Expect: 100-continue", f"Content-Length: {9 * MIB}"]
    assert ask(server, request("/no", *fields, method="POST")).status == 413


@pytest.mark.parametrize("in_chunks", [False, True], ids=["length", "chunked"])
def test_five_megabytes_arrive_intact(server, *, in_chunks: bool) -> None:
    body = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(5 * MIB // 32))
    pieces = [body[at : at + 70_000] for at in range(0, len(body), 70_000)]
    sent = chunked("/five", *pieces) + b"0\r\n\r\n" if in_chunks else post("/five", body)
    said = json.loads(ask(server, sent).content)
    assert said[:4] == ["/five", len(body), hashlib.sha256(body).hexdigest(), str(len(body))]


def test_underscored_names_never_reach_the_application(server) -> None:
    said = json.loads(ask(server, request("/u", "X_Forwarded_For: 1", "X-Real: 2")).content)
    assert "HTTP_X_REAL" in said[4]
    assert "HTTP_X_FORWARDED_FOR" not in said[4]


def test_two_thousand_requests_on_one_connection(server) -> None:
    with Peer(server) as peer:
        for number in range(2000):
            peer.send(post("/many", b"%d" % number))
            assert json.loads(peer.answer().content)[1] == len(str(number))


def test_peers_that_do_not_read_stop_nobody_and_get_all_of_it_later(tmp_path, tls) -> None:
    with serving(tmp_path, tls=tls) as server, ExitStack() as peers:
        slow = [peers.enter_context(Peer(server, request("/large?8000000"))) for _ in range(16)]
        while seen(server).count("/large") < len(slow):
            assert seconds_for_health(server) < SOON
        assert seconds_for_health(server) < SOON
        for peer in slow:
            assert peer.answer().content == b"x" * 8_000_000


def test_a_peer_that_never_reads_is_given_up(hasty) -> None:
    with Peer(hasty, request("/large?16000000")) as peer:
        assert peer.hears(8.0)
        # Three times its grace: a peer can learn that it was given up by reading only, and that is progress.
        time.sleep(1.5)
        if hasty.trusted:
            with pytest.raises((ssl.SSLEOFError, ConnectionResetError)):
                peer.answer()
        else:
            assert len(peer.answer().content) < 16_000_000


# -- the application's own faults


def test_a_failing_application_gives_an_outcome_and_tells_the_log_no_values(server) -> None:
    answer = ask(server, request("/fail?name=Appleseed"))
    assert (answer.status, outcome(answer)) == (500, "exception")
    log = server.log.read_text()
    assert "ValueError" in log
    assert "Appleseed" not in log


def test_an_answer_shorter_than_announced_ends_the_connection(server) -> None:
    with Peer(server, request("/short")) as peer:
        content = peer.answer().content
        assert json.loads(content)[0] == "/short"
        assert peer.closed()


# -- the process


def test_stopping_lets_a_request_finish(tmp_path, tls) -> None:
    with serving(tmp_path, tls=tls) as server:
        with Peer(server, request(f"/wait?{tmp_path}")) as peer, Peer(server, request("/idle")) as idle:
            idle.answer()
            while not (tmp_path / "entered").exists():
                time.sleep(0.01)
            server.process.terminate()
            assert idle.closed()
            (tmp_path / "go").touch()
            answer = peer.answer()
            assert (answer.status, answer.fields["connection"]) == (200, "close")
        assert server.process.wait(5) == 0


def test_two_workers_on_a_unix_socket(tmp_path, tls) -> None:
    with serving(tmp_path, unix=True, workers=2, tls=tls) as server, ExitStack() as peers:
        assert ask(server, post("/unix", b"123")).status == 200
        for _ in range(64):
            peers.enter_context(Peer(server))
        assert seconds_for_health(server) < SOON


def test_a_full_house_says_so_unless_somebody_idles(tmp_path) -> None:
    with serving(tmp_path, limits="connections=3") as server, ExitStack() as peers:
        idle = peers.enter_context(Peer(server, request("/idle")))
        idle.answer()
        for _ in range(2):
            peers.enter_context(Peer(server, b"GET"))
        # That the first one idles becomes known a moment after its answer.
        # The late one has begun its next request with the first, so that it is never idle.
        while peers.enter_context(Peer(server, request("/late") + b"GET")).answer().status == 503:
            continue
        assert idle.closed()
        turned_away = peers.enter_context(Peer(server)).answer()
        assert (turned_away.status, outcome(turned_away)) == (503, "throttled")
        assert turned_away.fields["retry-after"] == "1"


def test_a_body_that_finds_no_disk_is_refused(tmp_path) -> None:
    with serving(tmp_path, limits="spool_bytes=10, spool_folder='missing'") as server:
        answer = ask(server, post("/no", b"x" * 100))
        assert (answer.status, outcome(answer)) == (503, "no-store")
        assert seen(server) == []


@pytest.mark.parametrize(
    ("name", "value"), [("certfile", "x.pem"), ("proxy_protocol", "auto"), ("protocol", "uwsgi")]
)
def test_other_protocols_are_refused_at_start(name: str, value: str) -> None:
    cfg = Config()
    Worker.check_config(cfg, None)
    cfg.set(name, value)
    with pytest.raises(ConfigError):
        Worker.check_config(cfg, None)
