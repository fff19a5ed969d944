"""The process work: it loads its models, works until told to stop, and lets go of them whatever happens."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server import log, work
from server import workers as put_together
from server.errors import Category, Fault, fault
from server.settings import Settings
from server.wiring import bring_up_to_date


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    settings = Settings(data=tmp_path / "data", log_level="error")
    bring_up_to_date(settings)
    return settings


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Signals and logs are as they were afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(log, "configure", lambda *_: None)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@dataclass
class Once:
    """One look of a loop, scripted."""

    look: Callable[[], bool]

    def once(self) -> bool:
        return self.look()


def workers(
    monkeypatch: pytest.MonkeyPatch, cases: Callable[[], bool], deliveries: Callable[[], bool]
) -> None:
    monkeypatch.setattr(put_together, "case_worker", lambda *_: Once(cases))
    monkeypatch.setattr(put_together, "delivery_worker", lambda *_: Once(deliveries))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the readers were told."""
    said: list[str] = []

    class Readers:
        def __init__(self, *_: Any) -> None:
            pass

        def start_first(self) -> None:
            said.append("start")

        def close(self) -> None:
            said.append("close")

    monkeypatch.setattr(work, "Readers", Readers)
    return said


def told_to_stop() -> bool:
    os.kill(os.getpid(), signal.SIGTERM)
    return False


def idle() -> bool:
    return False


def test_the_worker_starts_its_models_works_and_lets_go_of_them(
    chosen: Settings, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    workers(monkeypatch, told_to_stop, idle)
    work.work(chosen)
    assert told == ["start", "close"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_whose_loop_has_died_leaves_so_that_it_is_started_anew(
    chosen: Settings, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies() -> bool:
        raise ZeroDivisionError

    workers(monkeypatch, idle, dies)
    work.work(chosen)
    assert told == ["start", "close"]


def test_a_house_that_does_not_open_leaves_no_model_behind(tmp_path: Path, told: list[str]) -> None:
    with pytest.raises(Fault, match="server migrate"):
        work.work(Settings(data=tmp_path / "empty"))
    assert told == ["start", "close"]


def test_without_its_model_it_does_not_begin(
    chosen: Settings, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise fault(Category.BROKEN, "security", "another model")

    workers(monkeypatch, pytest.fail, pytest.fail)
    monkeypatch.setattr(work.Readers, "start_first", broken)
    with pytest.raises(Fault, match="another model"):
        work.work(chosen)
    assert told == ["close"]
