"""Several processes write to one database while others checkpoint it: nothing acknowledged is missing.

A tiny auto-checkpoint makes the race likely that corrupts SQLite up to 3.51.2 (the WAL-reset bug).
"""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pysqlite3
import pytest
from sqlalchemy import text

from server.errors import Category, Fault
from server.store import sqlite
from server.store.database import Database
from server.store.sqlite import safe_sqlite
from tests.flow.conftest import Say

_WRITERS, _CHECKPOINTERS = 3, 2
_FEW_PAGES = 4
"""Pages in the log after which a writer checkpoints by itself; usual are 1000."""


@pytest.mark.campaign
def test_many_processes_lose_nothing(tmp_path: Path, say: Say, pytestconfig: pytest.Config) -> None:
    seconds, path = float(pytestconfig.getoption("seconds")), tmp_path / "many.db"
    opened = Database(path)
    opened.write(lambda c: c.execute(text("create table said (writer integer, number integer, body blob)")))
    context, pipes, processes = multiprocessing.get_context("spawn"), list[Connection](), []
    for number in range(_WRITERS + _CHECKPOINTERS):
        near, far = context.Pipe()
        target = _write if number < _WRITERS else _checkpoint
        processes.append(context.Process(target=target, args=(far, path, number, seconds), daemon=True))
        pipes.append(near)
    try:
        for process in processes:
            process.start()
        counts = [_told(pipe, seconds + 60) for pipe in pipes]
    finally:
        for process in processes:
            process.kill()
            process.join()
    opened.close()
    acknowledged, checkpoints = counts[:_WRITERS], sum(counts[_WRITERS:])
    say(f"SQLite {pysqlite3.sqlite_version}: {sum(acknowledged)} commits, {checkpoints} checkpoints")
    assert _kept(path) == acknowledged
    assert min(acknowledged) > 0
    assert checkpoints > 0


def _told(pipe: Connection, patience: float) -> int:
    assert pipe.poll(patience), "a process did not report in time"
    return int(pipe.recv())


def _kept(path: Path) -> list[int]:
    """How many rows each writer has, after SQLite has checked every page of the file."""
    connection = pysqlite3.connect(path)
    try:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        rows = connection.execute(
            "select count(*), count(distinct number), max(number) from said group by writer order by writer"
        ).fetchall()
    finally:
        connection.close()
    assert all(count == distinct == last + 1 for count, distinct, last in rows)
    return [count for count, _, _ in rows]


def _write(pipe: Connection, path: Path, writer: int, seconds: float) -> None:
    """Commit one row after the other; reports how many commits returned."""
    opened, insert = Database(path), text("insert into said values (:writer, :number, randomblob(700))")
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        opened.write(lambda c, n=number: _insert(c, insert, writer, n))
        number += 1
    opened.close()
    pipe.send(number)


def _insert(connection: sqlite.Connection, insert: object, writer: int, number: int) -> None:
    connection.exec_driver_sql(f"pragma wal_autocheckpoint={_FEW_PAGES}")
    connection.execute(insert, {"writer": writer, "number": number})  # type: ignore[call-overload]


def _checkpoint(pipe: Connection, path: Path, number: int, seconds: float) -> None:
    """Checkpoint all the while, in turns without and with a fresh start of the log."""
    connection = pysqlite3.connect(path, isolation_level=None, timeout=1)
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        mode = ("PASSIVE", "RESTART", "TRUNCATE")[(done + number) % 3]
        busy = connection.execute(f"pragma wal_checkpoint({mode})").fetchone()[0]
        done += 1 - busy
    connection.close()
    pipe.send(done)


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 44, 7), False),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_which_versions_may_be_shared(
    version: tuple[int, ...], safe: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second half: an unsafe one is refused in words before any file is touched."""
    assert safe_sqlite(version) is safe
    monkeypatch.setattr(sqlite.pysqlite3, "sqlite_version_info", version)
    path = tmp_path / "any.db"
    if safe:
        Database(path).close()
        return
    with pytest.raises(Fault, match=r"needed: 3\.51\.3 or newer") as refused:
        Database(path)
    assert refused.value.category is Category.BROKEN
    assert not path.exists()
