"""The processes of one machine: a dead one is started again, all end together, none is left behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from server import supervisor, web
from server.errors import Category, Fault, fault
from server.settings import Settings
from server.wiring import bring_up_to_date

pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
"""Python 3.12 warns when there are threads; those of other tests may be."""

Program = Callable[[Settings], None]


def lives(_: Settings) -> None:
    os.execvp("sleep", ["sleep", "60"])  # noqa: S606


def dies(_: Settings) -> None:
    os._exit(1)


def refuses(_: Settings) -> None:
    raise fault(Category.BROKEN, "exception", "the model is another one")


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    """A migrated folder, and a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings = Settings(data=tmp_path / "data", port=probe.getsockname()[1], log_level="error")
    bring_up_to_date(settings)
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
    """Small programs instead of ours, in real processes: what each next start of a name runs."""

    plans: dict[str, list[Program]]
    stop_after: int
    by: int
    really_start: Callable[[str, Settings], BaseProcess]
    started: list[tuple[str, BaseProcess]] = field(default_factory=list)
    open_files: list[str] = field(default_factory=list)
    """Of ours, in the data folder, at the moment of a fork."""

    def __call__(self, name: str, settings: Settings) -> BaseProcess:
        self.open_files += _open_below(settings.data)
        child = self.really_start(name, settings)
        self.started.append((name, child))
        if len(self.started) == self.stop_after:
            os.kill(os.getpid(), self.by)
        return child

    def program(self, name: str) -> Program:
        """What stands for the program of that name; it draws in the parent, where the plan is."""
        drawn = [each for each, _ in self.started].count(name)
        plan = self.plans[name]
        return plan[min(drawn, len(plan) - 1)]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.started]

    @property
    def codes(self) -> list[int | None]:
        return [child.exitcode for _, child in self.started]


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Children]]:
    made: list[Children] = []

    def make(plans: dict[str, list[Program]], stop_after: int, by: int = signal.SIGTERM) -> Children:
        chosen = Children(plans, stop_after, by, supervisor._start)
        monkeypatch.setattr(supervisor, "_start", chosen)
        programs = {name: (lambda settings, name=name: chosen.program(name)(settings)) for name in plans}
        monkeypatch.setattr(supervisor, "_PROGRAMS", programs)
        made.append(chosen)
        return chosen

    yield make
    for each in made:
        for _, child in each.started:
            child.kill()
            child.join()


def test_a_dead_process_is_started_again_and_the_living_are_left_alone(
    chosen: Settings, children: Callable[..., Children]
) -> None:
    made = children({"web": [lives], "work": [dies, dies, lives]}, stop_after=4)
    supervisor.run(("web", "work"), chosen)
    assert made.names == ["web", "work", "work", "work"]
    assert made.codes == [-signal.SIGTERM, 1, 1, -signal.SIGTERM]


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_all_end_when_told(chosen: Settings, children: Callable[..., Children], by: int) -> None:
    made = children({"web": [lives], "work": [lives]}, 2, by)
    supervisor.run(("web", "work"), chosen)
    assert made.codes == [-signal.SIGTERM] * 2


def test_what_does_not_end_in_time_is_killed(
    chosen: Settings, children: Callable[..., Children], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_STOP_WITHIN", 0.2)
    read, write = os.pipe()

    def deaf(_: Settings) -> None:
        os.dup2(write, 1)
        os.execvp("sh", ["sh", "-c", "trap '' TERM; echo deaf; exec sleep 60"])  # noqa: S606

    made = children({"web": [lives], "work": [deaf]}, 3)

    def once_it_is_deaf(name: str, settings: Settings) -> BaseProcess:
        child = made(name, settings)
        if name == "work":
            assert os.read(read, 5) == b"deaf\n"
            os.kill(os.getpid(), signal.SIGTERM)
        return child

    monkeypatch.setattr(supervisor, "_start", once_it_is_deaf)
    supervisor.run(("web", "work"), chosen)
    os.close(read)
    os.close(write)
    assert made.codes == [-signal.SIGTERM, -signal.SIGKILL]


def test_who_dies_young_waits_for_its_next_start_unless_all_end(
    chosen: Settings, children: Callable[..., Children], monkeypatch: pytest.MonkeyPatch
) -> None:
    class TellsAndStops:
        def info(self, *_: object, **__: object) -> None:
            pass

        def error(self, *_: object, **__: object) -> None:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(supervisor, "_PAUSE", 3600.0)
    monkeypatch.setattr(supervisor, "logger", TellsAndStops)
    made = children({"work": [dies]}, stop_after=0)
    supervisor.run(("work",), chosen)
    assert made.names == ["work"]


def test_who_has_lived_is_started_again_at_once(
    chosen: Settings, children: Callable[..., Children], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_PAUSE", 3600.0)
    monkeypatch.setattr(supervisor, "_YOUNG", 0.0)
    made = children({"work": [dies, lives]}, stop_after=2)
    supervisor.run(("work",), chosen)
    assert made.names == ["work", "work"]


def test_nothing_that_is_open_crosses_the_fork(chosen: Settings, children: Callable[..., Children]) -> None:
    threads = threading.active_count()
    made = children({"web": [lives], "work": [dies, lives]}, stop_after=3)
    supervisor.run(("web", "work"), chosen)
    assert made.open_files == []
    assert threading.active_count() == threads


def test_a_child_that_cannot_start_says_so_in_one_sentence(
    chosen: Settings, children: Callable[..., Children], capfd: pytest.CaptureFixture[str]
) -> None:
    made = children({"work": [refuses, lives]}, stop_after=2)
    supervisor.run(("work",), chosen)
    assert made.codes == [2, -signal.SIGTERM]
    assert "second-reader: the model is another one\n" in capfd.readouterr().err


def test_a_busy_port_starts_nothing(
    chosen: Settings, children: Callable[..., Children], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "_PATIENCE", 0.0)
    made = children({"web": [lives]}, 1)
    with socket.socket() as other:
        other.bind((chosen.host, chosen.port))
        other.listen()
        with pytest.raises(Fault, match="choose another with SECOND_READER_PORT"):
            supervisor.run(("web",), chosen)
    assert made.started == []


def test_what_would_stop_the_children_is_said_before_they_start(
    tmp_path: Path, chosen: Settings, children: Callable[..., Children]
) -> None:
    made = children({"web": [lives]}, 1)
    with pytest.raises(Fault, match="server migrate"):
        supervisor.run(("web",), Settings(data=tmp_path / "empty", port=chosen.port))
    assert made.started == []


def test_another_model_than_the_cards_starts_nothing(
    tmp_path: Path, chosen: Settings, children: Callable[..., Children]
) -> None:
    cards = tmp_path / "cards"
    shutil.copytree(chosen.cards, cards)
    (cards / "bacterial-meningitis" / "model.ubj").write_bytes(b"another")
    made = children({"web": [lives]}, 1)
    with pytest.raises(Fault, match="the SHA-256 differs"):
        supervisor.run(("web",), replace(chosen, cards=cards))
    assert made.started == []


def _open_below(folder: Path) -> list[str]:
    found = []
    for each in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(each.readlink()))
        except FileNotFoundError:
            continue  # the listing's own
    return [each for each in found if each.startswith(str(folder))]
