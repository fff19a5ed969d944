"""The process web: a free port, then gunicorn; and what gunicorn's master looks at before it forks."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server import web
from server.errors import Category, Fault
from server.groundwork import bring_up_to_date
from server.settings import Settings


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


@pytest.mark.parametrize("start", [web.demand_free_port, web.become_web])
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


def test_web_becomes_gunicorn(chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[Any] = []
    monkeypatch.setattr(os, "execv", lambda *words: became.append(words))
    web.become_web(chosen)
    assert became == [(sys.executable, [sys.executable, "-m", "gunicorn", "wsgi:app"])]


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
