"""The database: one engine, short transactions, and a refusal of SQLite versions that corrupt.

SQLite from 3.7.0 to 3.51.2 (but 3.44.6 and 3.50.7) loses committed rows when several processes
write in WAL mode (sqlite.org, the WAL-reset bug, mended in 3.51.3). The wheel ``pysqlite3``
carries a newer one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pysqlite3
from sqlalchemy import Connection, Engine, create_engine, event

from server.errors import Category, fault
from server.store.refusing import told
from server.store.scratch import Scratch
from server.store.turn import Turn

T = TypeVar("T")

_MENDED = (3, 51, 3)
_BACKPORTS = ((3, 44, 6), (3, 50, 7))
_DAMAGED = "the database file is damaged or is none; stop the server and restore a backup"


def safe_sqlite(version: tuple[int, ...]) -> bool:
    """Whether several processes may write to one WAL database with this SQLite."""
    return version >= _MENDED or version in _BACKPORTS


class Database:
    """Reads run in their own snapshot; writes run under BEGIN IMMEDIATE and are flushed."""

    def __init__(self, path: Path) -> None:
        if not safe_sqlite(pysqlite3.sqlite_version_info):
            raise fault(
                Category.BROKEN,
                "exception",
                f"SQLite {pysqlite3.sqlite_version} loses data under several processes; "
                "needed: 3.51.3 or newer, or 3.50.7, or 3.44.6",
            )
        self.path = path
        self.engine: Engine = create_engine(
            f"sqlite:///{path}",
            module=pysqlite3,
            pool_size=32,
            max_overflow=32,
            pool_timeout=10,
            hide_parameters=True,  # an error that a command prints holds no values of patients
        )
        event.listen(self.engine, "connect", _configure)
        event.listen(self.engine, "begin", _begin)
        self.scratch = Scratch(path.with_suffix(".scratch"))
        self._turn = Turn(path.with_suffix(".turn"))
        self._between: list[Connection] = []

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one read snapshot; raises as ``write``."""
        with self.reading() as connection:
            return work(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One read snapshot; raises as ``write``."""
        with told(_DAMAGED), self._transaction(writing=False) as connection:
            yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one flushed transaction: all of it is durable on return, or nothing is.

        Raises:
            Fault: UNAVAILABLE when the disk is full or fails, or another writer does not end.
        """
        with told(_DAMAGED), self._turn.taken(), self._transaction(writing=True) as connection:
            return work(connection)

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Connection]:
        """On the connection that was used last: to go by the pool costs more than a small transaction.

        One whose transaction failed goes back to the pool, which looks at it.
        """
        try:
            connection = self._between.pop()
        except IndexError:
            connection = self.engine.connect()
        try:
            connection.info["writing"] = writing
            with connection.begin():
                yield connection
        except BaseException:
            connection.close()
            raise
        self._between.append(connection)

    def close(self) -> None:
        while self._between:
            self._between.pop().close()
        self.engine.dispose()
        self.scratch.close()
        self._turn.close()


def _configure(connection: Any, record: Any) -> None:
    del record
    connection.isolation_level = None  # transactions are begun by us, see _begin
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # NORMAL loses acknowledged commits on a power cut
        "busy_timeout=10000",
        "foreign_keys=ON",
        "cache_size=-16000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A read transaction that later writes cannot wait for the lock, so writers say so first.
    driver: Any = connection.connection.dbapi_connection
    driver.execute("BEGIN IMMEDIATE" if connection.info["writing"] else "BEGIN")


def prepare_folder(folder: Path) -> None:
    """Make the data folder, readable by its owner alone.

    Raises:
        Fault: UNAVAILABLE, naming the folder, when it cannot be written.
    """
    os.umask(0o077)  # what is written here is about patients: the owner reads it, nobody else
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise fault(
            Category.UNAVAILABLE, "no-store", f"the data folder {folder} cannot be written: {error.strerror}"
        ) from error
