"""Where a connection has really led is looked at before anything is said there (F-128, F-129)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from server.errors import Category
from server.fhir.line import Line, Question, connect
from server.fhir.subscriptions.addresses import public
from server.model import Destination
from server.ports import Undelivered


class Peer:
    """Takes one connection and keeps what it hears, until the other side hangs up."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.heard = b""
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            while part := connection.recv(4_096):
                self.heard += part
                if b"\r\n\r\n" in self.heard:
                    connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                    return

    def close(self) -> None:
        self.thread.join(10)
        self._socket.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.close()


def line(peer: Peer, *, watched: bool) -> Line:
    there = Destination("subscriber", f"http://localhost:{peer.port}", (), timedelta(seconds=5))
    return Line(there, connect(there), patience=1, may_lead=public if watched else None)


def test_a_name_that_leads_to_this_machine_is_told_nothing(peer: Peer) -> None:
    with line(peer, watched=True) as made, pytest.raises(Undelivered) as refused:
        made.ask(Question("POST", "/hook", {}, b"{}"))
    assert refused.value.category is Category.UNAVAILABLE
    assert "public network" in str(refused.value)
    peer.thread.join(10)
    assert peer.heard == b""


def test_an_allowed_one_is_told(peer: Peer) -> None:
    with line(peer, watched=False) as made:
        assert made.ask(Question("POST", "/hook", {}, b"{}")).status == 204
    assert peer.heard.startswith(b"POST /hook HTTP/1.1\r\n")
