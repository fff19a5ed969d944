"""SQLite: one file on one machine, flushed at every commit; never a version that corrupts.

SQLite from 3.7.0 to 3.51.2 (but 3.44.6 and 3.50.7) loses committed rows when several processes
write in WAL mode (sqlite.org, the WAL-reset bug, mended in 3.51.3). The wheel ``pysqlite3``
carries a newer one.
"""

from __future__ import annotations

import fcntl
import time
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock
from typing import Any

import pysqlite3
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable

from server.errors import Category, Fault, fault
from server.store.dialect import Again, Stage
from server.store.refusing import told, verdict
from server.store.scratch import Scratch, metadata
from server.store.turn import Turn

_DAMAGED = "the database file is damaged or is none; stop the server and restore a backup"
_MENDED = (3, 51, 3)
_BACKPORTS = ((3, 44, 6), (3, 50, 7))
_SWITCH = 10.0
"""Seconds; as long as any other wait for a lock."""
_PAUSE = 0.002


def safe_sqlite(version: tuple[int, ...]) -> bool:
    """Whether several processes may write to one WAL database with this SQLite."""
    return version >= _MENDED or version in _BACKPORTS


class Sqlite:
    """Reads run in their own snapshot; writes run one after another, under BEGIN IMMEDIATE."""

    error: type[Exception] = pysqlite3.DatabaseError

    def __init__(self, path: Path) -> None:
        if not safe_sqlite(pysqlite3.sqlite_version_info):
            raise fault(
                Category.BROKEN,
                "exception",
                f"SQLite {pysqlite3.sqlite_version} loses data under several processes; "
                "needed: 3.51.3 or newer, or 3.50.7, or 3.44.6",
            )
        self.engine: Engine = create_engine(
            f"sqlite:///{path}",
            module=pysqlite3,
            hide_parameters=True,
            pool_size=32,
            max_overflow=32,
            pool_timeout=10,
        )
        event.listen(self.engine, "connect", _configure)
        event.listen(self.engine, "begin", _begin)
        beside = path.with_suffix(".scratch")
        self._beside = create_engine(f"sqlite:///{beside}", module=pysqlite3, hide_parameters=True)
        event.listen(self._beside, "connect", _configure_scratch)
        lost = f"{beside.name} is damaged or no database; delete it, nothing in it is needed"
        with told(lost):
            _open(self._beside, beside)
        self.scratch = Scratch(self._beside, lambda: told(lost))
        self._turn = Turn(path.with_suffix(".turn"))
        self._path = str(path)
        self._watch: Any = None
        self._watching = Lock()

    def turn(self) -> AbstractContextManager[None]:
        return self._turn.taken()

    def replaced(self, connection: Connection) -> bool:
        del connection
        return False  # a file does not go away

    def verdict(self, error: Exception, stage: Stage) -> Fault | Again | None:
        del stage  # the file is here or it is not: nothing is ever half committed
        return verdict(error, _DAMAGED)

    @property
    def product(self) -> str:
        return f"SQLite {pysqlite3.sqlite_version}"

    def about(self) -> str:
        return f"{self.product}, journal_mode=WAL, synchronous=FULL"

    def written(self) -> int | None:
        """sqlite.org/pragma.html#pragma_data_version; on a connection that itself never writes."""
        with self._watching:
            if self._watch is None:
                self._watch = pysqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def make_scratch(self, connection: Connection) -> None:
        """It is made when it is opened."""

    def close(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        self.engine.dispose()
        self._beside.dispose()
        self._turn.close()


def _open(beside: Engine, place: Path) -> None:
    """Made where it is not there, and anew where a power cut has broken it: nothing in it is needed.

    One process after the other, so that none takes away what another has just made.
    """
    try:
        _make(beside)
    except DBAPIError as error:
        if not _broken(error):
            raise
        with place.with_suffix(".turn").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _renew(beside, place)


def _renew(beside: Engine, place: Path) -> None:
    beside.dispose()
    try:
        _make(beside)
    except DBAPIError as error:
        if not _broken(error):
            raise
        beside.dispose()
        for each in ("", "-wal", "-shm"):
            Path(f"{place}{each}").unlink(missing_ok=True)
        _make(beside)


def _broken(error: DBAPIError) -> bool:
    """The file itself; a lock, a full disk or a statement is of a subclass."""
    return type(error.orig) is pysqlite3.DatabaseError


def _make(beside: Engine) -> None:
    """What is there already is left: the processes of a door open a new folder all at once."""
    with beside.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
            for each in table.indexes:
                connection.execute(CreateIndex(each, if_not_exists=True))


def _configure(connection: Any, record: Any) -> None:
    del record
    connection.isolation_level = None  # transactions are begun by us, see _begin
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout=10000",
        "synchronous=FULL",  # NORMAL loses acknowledged commits on a power cut
        "foreign_keys=ON",
        "cache_size=-16000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    _into_wal(cursor)
    cursor.close()


def _configure_scratch(connection: Any, record: Any) -> None:
    del record
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=10000")
    _into_wal(cursor)  # flushed: without its first page the file is no database after a power cut
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()


def _into_wal(cursor: Any) -> None:
    """Ask again by ourselves: whoever turns a new file to WAL beside another is refused at once.

    Both have read it and want it alone, so neither may wait for the other, and SQLite does not ask the busy
    handler (sqlite.org/c3ref/busy_handler.html).
    """
    until = time.monotonic() + _SWITCH
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except pysqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > until:
                raise
            time.sleep(_PAUSE)
        else:
            return


def _begin(connection: Connection) -> None:
    # A read transaction that later writes cannot wait for the lock, so writers say so first.
    driver: Any = connection.connection.dbapi_connection
    driver.execute("BEGIN IMMEDIATE" if connection.info["writing"] else "BEGIN")
