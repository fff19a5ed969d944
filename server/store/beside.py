"""``audit-N.db``: accesses that change nothing, in SQLite files of their own beside the database.

Readers lay down what they read without queueing behind the case's writers. Each process adds to a file of its
own, so that none waits for another's flush; who dies leaves his to the next one that starts. All read
them all. One connection to each, used by one thread at a time; every addition is flushed before it returns.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Lock

import pysqlite3

from server.errors import Category, fault
from server.store.refusing import told

_MAKE = "CREATE TABLE IF NOT EXISTS access (seq INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)"
_PRAGMAS = ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL")


def own(folder: Path) -> tuple[Path, int]:
    """A file that no other process adds to, and the lock that says so for as long as it is open."""
    for number in count():
        path = folder / f"audit-{number}.db"
        lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return path, lock
    raise AssertionError("numbers do not end")


class Beside:
    """Accesses in a file of their own."""

    def __init__(self, path: Path) -> None:
        self._damaged = f"{path.name} is damaged or no database; stop the server and restore a backup of it"
        self._mine = Lock()
        with self._told():
            # Transactions are begun by us; the lock lets one thread at a time use it.
            self._connection = pysqlite3.connect(path, isolation_level=None, check_same_thread=False)
            for pragma in _PRAGMAS:
                self._connection.execute(f"PRAGMA {pragma}").fetchall()
            self._connection.execute(_MAKE)

    def add(self, bodies: Sequence[bytes]) -> None:
        """In one flush; raises Fault when nothing of it was written."""
        with self._writing():
            self._connection.executemany("INSERT INTO access (body) VALUES (?)", [(body,) for body in bodies])

    def oldest(self, upto: int, limit: int) -> list[tuple[int, bytes]]:
        """(number, body) of the first ones up to a number."""
        query = "SELECT seq, body FROM access WHERE seq <= ? ORDER BY seq LIMIT ?"
        with self._mine, self._told():
            return [(row[0], bytes(row[1])) for row in self._connection.execute(query, (upto, limit))]

    def newest(self) -> int:
        """The number of the last one; 0 when there is none."""
        with self._mine, self._told():
            return int(self._connection.execute("SELECT coalesce(max(seq), 0) FROM access").fetchone()[0])

    def forget(self, numbers: Sequence[int]) -> None:
        """What stands elsewhere by now."""
        with self._writing():
            self._connection.executemany("DELETE FROM access WHERE seq = ?", [(each,) for each in numbers])

    def close(self) -> None:
        with self._mine:
            self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._mine, self._told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            with told(self._damaged):
                yield
        except pysqlite3.ProgrammingError as error:  # the process is ending, and has closed it
            raise fault(Category.UNAVAILABLE, "no-store", "the audit trail is closed") from error
