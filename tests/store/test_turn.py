"""Writers take turns; a lost turn delays, it never stops."""

from __future__ import annotations

import fcntl
import threading
import time
from pathlib import Path

import pytest

from server.store import turn
from server.store.turn import Turn


def test_one_at_a_time(tmp_path: Path) -> None:
    first, second = Turn(tmp_path / "x.turn"), Turn(tmp_path / "x.turn")  # as two processes have them
    inside, most = [0], [0]

    def work(mine: Turn) -> None:
        for _ in range(50):
            with mine.taken():
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work, args=[each]) for each in (first, second, first, second)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (inside[0], most[0]) == (0, 1)


def test_who_waits_too_long_goes_on_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "_PATIENCE", 0.05)
    path = tmp_path / "x.turn"
    mine = Turn(path)
    with path.open("r+") as stuck:  # a writer that has been stopped in the middle
        fcntl.flock(stuck, fcntl.LOCK_EX)
        began = time.monotonic()
        with mine.taken():
            assert time.monotonic() - began >= 0.05
    mine.close()
    mine.close()


def test_a_failing_writer_gives_its_turn_back(tmp_path: Path) -> None:
    mine = Turn(tmp_path / "x.turn")
    with pytest.raises(KeyError), mine.taken():
        raise KeyError
    with mine.taken():
        pass
