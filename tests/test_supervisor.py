"""The processes of one machine: a dead one is started again, all end together, none is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from server import supervisor, web
from server.errors import Fault
from server.settings import Settings
from server.store.database import Database, prepare_folder
from server.store.migrate import migrate

LIVES = ["sleep", "60"]
DIES = ["false"]


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    """A migrated folder, and a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings = Settings(data=tmp_path / "data", port=probe.getsockname()[1], log_level="error")
    prepare_folder(settings.data)
    database = Database(settings.database)
    migrate(database)
    database.close()
    return settings


@pytest.fixture(autouse=True)
def _own_signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Handlers, logs and pauses are as they were afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(supervisor, "_PAUSE", 0.0)
    monkeypatch.setattr(supervisor, "configure", lambda *_: None)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@dataclass
class Children:
    """Small programs instead of ours; what each next start of a name runs is told beforehand."""

    plans: dict[str, list[list[str]]]
    stop_after: int
    by: int = signal.SIGTERM
    started: list[tuple[str, subprocess.Popen[bytes]]] = field(default_factory=list)

    def __call__(self, name: str) -> subprocess.Popen[bytes]:
        plan = self.plans[name]
        child = subprocess.Popen(plan.pop(0) if len(plan) > 1 else plan[0], stdout=subprocess.PIPE)
        self.started.append((name, child))
        if len(self.started) == self.stop_after:
            os.kill(os.getpid(), self.by)
        return child

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.started]


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Children]]:
    made: list[Children] = []

    def make(plans: dict[str, list[list[str]]], stop_after: int, by: int = signal.SIGTERM) -> Children:
        made.append(Children(plans, stop_after, by))
        monkeypatch.setattr(supervisor, "_start", made[-1])
        return made[-1]

    yield make
    for each in made:
        for _, child in each.started:
            child.kill()
            child.wait()
            assert child.stdout is not None
            child.stdout.close()


def test_a_dead_process_is_started_again_and_the_living_are_left_alone(
    chosen: Settings, children: Callable[..., Children]
) -> None:
    made = children({"web": [LIVES], "work": [DIES, DIES, LIVES]}, stop_after=4)
    supervisor.run(("web", "work"), chosen)
    assert made.names == ["web", "work", "work", "work"]
    codes = [child.returncode for _, child in made.started]
    assert codes == [-signal.SIGTERM, 1, 1, -signal.SIGTERM]


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_all_end_when_told(chosen: Settings, children: Callable[..., Children], by: int) -> None:
    made = children({"web": [LIVES], "work": [LIVES]}, 2, by)
    supervisor.run(("web", "work"), chosen)
    assert [child.returncode for _, child in made.started] == [-signal.SIGTERM] * 2


def test_what_does_not_end_in_time_is_killed(
    chosen: Settings, children: Callable[..., Children], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_STOP_WITHIN", 0.2)
    deaf = ["sh", "-c", "trap '' TERM; echo deaf; exec sleep 60"]
    made = children({"web": [LIVES], "work": [deaf]}, 3)
    become = made.__call__

    def once_it_is_deaf(name: str) -> subprocess.Popen[bytes]:
        child = become(name)
        if name == "work":
            assert child.stdout is not None
            assert child.stdout.readline() == b"deaf\n"
            os.kill(os.getpid(), signal.SIGTERM)
        return child

    monkeypatch.setattr(supervisor, "_start", once_it_is_deaf)
    supervisor.run(("web", "work"), chosen)
    assert [child.wait(10) for _, child in made.started] == [-signal.SIGTERM, -signal.SIGKILL]


def test_who_dies_young_waits_for_its_next_start_unless_all_end(
    chosen: Settings, children: Callable[..., Children], monkeypatch: pytest.MonkeyPatch
) -> None:
    class TellsAndStops:
        def error(self, *_: object, **__: object) -> None:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(supervisor, "_PAUSE", 3600.0)
    monkeypatch.setattr(supervisor, "logger", TellsAndStops)
    made = children({"work": [DIES]}, stop_after=0)
    supervisor.run(("work",), chosen)
    assert made.names == ["work"]


def test_who_has_lived_is_started_again_at_once(
    chosen: Settings, children: Callable[..., Children], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_PAUSE", 3600.0)
    monkeypatch.setattr(supervisor, "_YOUNG", 0.0)
    made = children({"work": [DIES, LIVES]}, stop_after=2)
    supervisor.run(("work",), chosen)
    assert made.names == ["work", "work"]


def test_children_are_our_own_commands_with_our_own_environment(
    monkeypatch: pytest.MonkeyPatch, chosen: Settings
) -> None:
    asked: list[Any] = []
    monkeypatch.setenv("SECOND_READER_PORT", str(chosen.port))
    monkeypatch.setattr(supervisor, "tied_to_us", lambda: "tied")
    monkeypatch.setattr(
        supervisor.subprocess, "Popen", lambda words, env, preexec_fn: asked.append((words, env, preexec_fn))
    )
    supervisor._start("web")
    [(words, environment, first)] = asked
    assert words == [sys.executable, "-m", "server", "web"]
    assert environment["SECOND_READER_PORT"] == str(chosen.port)
    assert first == "tied"


def test_a_busy_port_starts_nothing(
    chosen: Settings, children: Callable[..., Children], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "_PATIENCE", 0.0)
    made = children({"web": [LIVES]}, 1)
    with socket.socket() as other:
        other.bind((chosen.host, chosen.port))
        other.listen()
        with pytest.raises(Fault, match="choose another with SECOND_READER_PORT"):
            supervisor.run(("web",), chosen)
    assert made.started == []


def test_what_would_stop_the_children_is_said_before_they_start(
    tmp_path: Path, chosen: Settings, children: Callable[..., Children]
) -> None:
    made = children({"web": [LIVES]}, 1)
    with pytest.raises(Fault, match="server migrate"):
        supervisor.run(("web",), Settings(data=tmp_path / "empty", port=chosen.port))
    assert made.started == []
