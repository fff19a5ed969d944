"""Where keys come from: files, and addresses that are asked seldom, over real sockets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from server.access import fetching
from server.access.clients import Client, load_clients
from server.access.fetching import LONGEST, Fetched, Unreachable, fetch
from server.access.keys import KeyRing
from tests.access.keys import NOW, clients_file, curve, key_set, rsa

URL = "https://ehr.example/jwks"
CLIENT = Client("ehr", "Demo EHR", (), frozenset(), frozenset(), URL)
MINUTE = timedelta(minutes=1)


class Elsewhere:
    """A far side that counts who asks."""

    def __init__(self) -> None:
        self.body: bytes | None = key_set(curve())
        self.asked = 0

    def __call__(self, url: str) -> Fetched:
        assert url == URL
        self.asked += 1
        if self.body is None:
            raise Unreachable("away")
        return Fetched(self.body, timedelta(minutes=5))


def test_keys_are_fetched_once_and_kept_while_they_are_fresh() -> None:
    elsewhere = Elsewhere()
    ring = KeyRing(elsewhere)
    for seconds in (0, 1, 299):
        assert "ec-1" in ring.of(CLIENT, "ec-1", NOW + timedelta(seconds=seconds))
    assert elsewhere.asked == 1
    ring.of(CLIENT, "ec-1", NOW + timedelta(seconds=300))
    assert elsewhere.asked == 2


def test_an_unknown_kid_asks_again_once_a_minute() -> None:
    """A-005: a key that was just added works; a flood of made-up names is no flood at the other side."""
    elsewhere = Elsewhere()
    ring = KeyRing(elsewhere)
    ring.of(CLIENT, "ec-1", NOW)
    elsewhere.body = key_set(curve(), rsa())
    for _ in range(50):
        assert "rsa-1" not in ring.of(CLIENT, "rsa-1", NOW + timedelta(seconds=59))
    assert elsewhere.asked == 1
    assert "rsa-1" in ring.of(CLIENT, "rsa-1", NOW + MINUTE)
    assert elsewhere.asked == 2


@pytest.mark.parametrize("body", [None, b"<html>", b"x" * 300_000])
def test_the_last_good_keys_serve_for_an_hour(body: bytes | None) -> None:
    """A-024, A-027."""
    elsewhere = Elsewhere()
    ring = KeyRing(elsewhere)
    ring.of(CLIENT, "ec-1", NOW)
    elsewhere.body = body
    assert "ec-1" in ring.of(CLIENT, "ec-1", NOW + LONGEST - MINUTE)
    assert ring.of(CLIENT, "ec-1", NOW + LONGEST) == {}


def test_a_key_that_was_taken_out_is_refused_when_the_set_is_old() -> None:
    """A-027."""
    elsewhere = Elsewhere()
    ring = KeyRing(elsewhere)
    ring.of(CLIENT, "ec-1", NOW)
    elsewhere.body = key_set(rsa())
    assert "ec-1" not in ring.of(CLIENT, "ec-1", NOW + timedelta(minutes=5))


def test_a_file_is_read_as_it_is_now(tmp_path: Path) -> None:
    client = load_clients(clients_file(tmp_path))["ehr"]
    ring = KeyRing(Elsewhere())
    assert set(ring.of(client, "ec-1", NOW)) == {"ec-1", "rsa-1"}
    Path(client.jwks).write_bytes(key_set(rsa()))
    assert set(ring.of(client, "ec-1", NOW)) == {"rsa-1"}
    Path(client.jwks).unlink()
    assert ring.of(client, "ec-1", NOW) == {}


# -- over real sockets ---------------------------------------------------------------------------


class Far(BaseHTTPRequestHandler):
    """Answers as its path says."""

    release = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/good")
            self.end_headers()
            return
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        if self.path.startswith("/age-"):
            self.send_header("Cache-Control", f"public, max-age={self.path.removeprefix('/age-')}")
        self.end_headers()
        try:
            if self.path == "/drips":
                while not self.release.wait(0.02):
                    self.wfile.write(b" ")
            elif self.path == "/huge":
                self.wfile.write(b" " * 1_000_000)
            else:
                self.wfile.write(key_set(curve()))
        except OSError:
            pass  # the other side has gone, as it should

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def far() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Far)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    Far.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "fresh_for"),
    [("/good", 300), ("/age-120", 120), ("/age-1", 60), ("/age-999999", 3600)],
)
def test_what_is_there_is_fetched_with_its_age(far: str, path: str, fresh_for: int) -> None:
    assert fetch(far + path) == Fetched(key_set(curve()), timedelta(seconds=fresh_for))


@pytest.mark.parametrize("path", ["/moved", "/missing", "/huge"])
def test_what_is_not_a_whole_answer_is_none(far: str, path: str) -> None:
    """A-024, A-025."""
    with pytest.raises(Unreachable):
        fetch(far + path)


def test_a_far_side_that_drips_is_cut(far: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A-024."""
    monkeypatch.setattr(fetching, "PATIENCE", 0.3)
    with pytest.raises(Unreachable, match="time is up"):
        fetch(far + "/drips")


def test_nobody_there_is_no_answer() -> None:
    with pytest.raises(Unreachable, match="ConnectError"):
        fetch("http://127.0.0.1:9/jwks")
