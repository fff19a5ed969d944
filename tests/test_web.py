"""The process web: a free port, then gunicorn; and what gunicorn's master looks at before it forks."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gunicorn.app import wsgiapp

from server import web
from server.errors import Category, Fault
from server.settings import Settings
from server.wiring import bring_up_to_date


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    """A folder of its own, and a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Settings(data=tmp_path / "data", port=probe.getsockname()[1])


@pytest.fixture
def other(chosen: Settings) -> Iterator[socket.socket]:
    """Somebody who listens there already."""
    with socket.socket() as listener:
        listener.bind((chosen.host, chosen.port))
        listener.listen()
        yield listener


@pytest.mark.parametrize("start", [web.demand_free_port, web.serve])
def test_a_busy_port_is_one_clear_sentence(
    chosen: Settings, other: socket.socket, monkeypatch: pytest.MonkeyPatch, start: Any
) -> None:
    monkeypatch.setattr(web, "_PATIENCE", 0.0)
    with pytest.raises(Fault, match="choose another with SECOND_READER_PORT") as refused:
        start(chosen)
    assert refused.value.category is Category.UNAVAILABLE


def test_those_whom_a_kill_left_behind_are_given_time_to_go(
    chosen: Settings, other: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.time, "sleep", lambda _: other.close())
    web.demand_free_port(chosen)
    assert other.fileno() == -1


def test_an_address_that_is_not_ours_is_told(chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_PATIENCE", 0.0)
    with pytest.raises(Fault, match=r"192\.0\.2\.1:.* cannot be listened on"):
        web.demand_free_port(Settings(host="192.0.2.1", port=chosen.port))


def test_web_is_gunicorn_with_our_application(chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(sys, "argv", ["server", "web"])
    monkeypatch.setattr(wsgiapp, "run", lambda prog: ran.append((prog, sys.argv)))
    web.serve(chosen)
    [(prog, [path, *words])] = ran
    assert (prog, words) == ("gunicorn", ["wsgi:app"])
    assert Path(path).exists(), "what gunicorn starts when it is told to replace itself (SIGUSR2)"


# -- TLS


@pytest.mark.parametrize("start", [web.demand_certificate, web.look])
def test_a_certificate_that_cannot_be_used_stops_the_start(
    chosen: Settings, tmp_path: Path, start: Any
) -> None:
    wrong = replace(chosen, tls_certificate=tmp_path / "none.pem", tls_key=tmp_path / "none.key")
    with pytest.raises(Fault, match="SECOND_READER_TLS_CERTIFICATE cannot be read"):
        start(wrong)


def test_without_tls_there_is_nothing_to_look_at(chosen: Settings) -> None:
    web.demand_certificate(chosen)
    assert web.tls_files(chosen) is None


# -- before the fork ---------------------------------------------------------------------------


def test_the_look_tells_what_would_stop_the_workers(chosen: Settings) -> None:
    with pytest.raises(Fault, match="server migrate"):
        web.look(chosen)


def test_nothing_that_the_look_opened_crosses_the_fork(chosen: Settings) -> None:
    bring_up_to_date(chosen)
    threads = threading.active_count()
    web.look(chosen)
    assert [each for each in _open_files() if each.startswith(str(chosen.data))] == []
    assert threading.active_count() == threads


def _open_files() -> Iterator[str]:
    for each in Path("/proc/self/fd").iterdir():
        try:
            yield str(each.readlink())
        except FileNotFoundError:
            continue  # the listing's own
