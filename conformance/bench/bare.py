"""The peer of ``bench create``: what bare SQLite commits on the same disk, with nothing around it.

pysqlite3, WAL, synchronous=FULL; each transaction is BEGIN IMMEDIATE, one row with as many bytes
as the Task that the server is sent, COMMIT. Every writer is a process; the rows are counted
afterwards.
"""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import pysqlite3

_BUSY_MS = 30_000


class Miscounted(Exception):
    """The rows in the file are not those that the writers committed."""


@dataclass(frozen=True, slots=True)
class Bare:
    """One run of the peer."""

    commits: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.commits / self.seconds


def commit(path: Path, body: bytes, writers: int, seconds: float) -> Bare:
    """Let ``writers`` processes commit into ``path`` for ``seconds``; the file is made if need be.

    Raises:
        Miscounted: a committed row is not there.
    """
    before = _prepare(path)
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(writers)
    pairs = [context.Pipe(duplex=False) for _ in range(writers)]
    processes = [
        context.Process(target=_write, args=(path, body, seconds, gate, sender)) for _, sender in pairs
    ]
    for process in processes:
        process.start()
    results: list[tuple[int, float]] = [receiver.recv() for receiver, _ in pairs]
    for process in processes:
        process.join()
    commits = sum(count for count, _ in results)
    if _rows(path) - before != commits:
        raise Miscounted(f"{_rows(path) - before} rows are there, {commits} were committed")
    return Bare(commits, max(taken for _, taken in results))


def _write(path: Path, body: bytes, seconds: float, gate: object, pipe: Pipe) -> None:
    connection = _open(path)
    gate.wait()  # type: ignore[attr-defined]  # a Barrier of the spawn context has no public type
    count, began = 0, time.perf_counter()
    until = began + seconds
    while time.perf_counter() < until:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO task (body) VALUES (?)", (body,))
        connection.execute("COMMIT")
        count += 1
    pipe.send((count, time.perf_counter() - began))
    connection.close()


def _prepare(path: Path) -> int:
    connection = _open(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS task (key INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    connection.close()
    return _rows(path)


def _rows(path: Path) -> int:
    connection = _open(path)
    count: int = connection.execute("SELECT count(*) FROM task").fetchone()[0]
    connection.close()
    return count


def _open(path: Path) -> pysqlite3.Connection:
    connection = pysqlite3.connect(str(path), isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    connection.execute("PRAGMA synchronous=FULL")
    return connection
