"""The database: one engine, short transactions, reads that stand still, writes that are durable or not there.

Which one it is, and what its errors mean, is the business of one module each
(``server/store/sqlite.py``, ``server/store/postgres.py``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree

from server.errors import Category, fault
from server.store.dialect import Again, Dialect, Stage
from server.store.sqlite import Sqlite

T = TypeVar("T")

_TRIES = 5
"""How often work is done anew when the database undid it for the sake of another's."""


class Database:
    """A path is an SQLite file, a URL a PostgreSQL database."""

    def __init__(self, place: Path | str) -> None:
        self._dialect = _dialect(place)
        self.engine: Engine = self._dialect.engine
        self.scratch = self._dialect.scratch
        self._between: list[Connection] = []

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one read snapshot; raises as ``write``."""

        def once() -> T:
            with self._transaction(writing=False) as connection:
                return work(connection)

        return _persistent(once)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One read snapshot; raises as ``write``."""
        try:
            with self._transaction(writing=False) as connection:
                yield connection
        except Again as again:
            raise again.failure from again

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one flushed transaction: all of it is durable on return, or nothing is.

        ``work`` is done anew when the database undoes it for the sake of another writer, so it
        changes nothing but the database.

        Raises:
            Fault: UNAVAILABLE when the disk is full or fails, the database is away, another writer does not
                end, or others were always faster.
        """

        def once() -> T:
            with self._dialect.turn(), self._transaction(writing=True) as connection:
                return work(connection)

        return _persistent(once)

    def written(self) -> int | None:
        """A number that differs once anybody has written; None where only a query would tell."""
        return self._dialect.written()

    @property
    def product(self) -> str:
        """Name and version; of a server only once it has been spoken to."""
        return self._dialect.product

    def about(self) -> str:
        """Product, version and durability settings, for people; raises when it cannot be relied on."""
        return self._dialect.about()

    def make_scratch(self, connection: Connection) -> None:
        """Make the place for what may be lost, beside a schema that has just been brought up to date."""
        self._dialect.make_scratch(connection)

    def close(self) -> None:
        while self._between:
            self._between.pop().close()
        self._dialect.close()

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Connection]:
        stage = Stage.OPENING
        try:
            connection = self._begun(writing=writing)
            try:
                stage = Stage.WORKING
                yield connection
                stage = Stage.COMMITTING
                connection.commit()
            except BaseException:
                connection.close()  # back to the pool, which looks at it
                raise
        except NoneFree as error:
            text = "all connections to the database are in use; try again"
            raise fault(Category.UNAVAILABLE, "throttled", text) from error
        except (self._dialect.error, DBAPIError) as error:
            if (verdict := self._dialect.verdict(error, stage)) is None:
                raise
            raise verdict from error
        self._between.append(connection)

    def _begun(self, *, writing: bool) -> Connection:
        """On the connection that was used last: to go by the pool costs more than a small transaction.

        One that died while nobody used it is replaced by the next, in the end by a new one.
        """
        while True:
            try:
                connection = self._between.pop()
            except IndexError:
                connection = self.engine.connect()
            try:
                connection.info["writing"] = writing
                connection.begin()
            except BaseException:
                if self._dialect.replaced(connection):
                    continue
                connection.close()
                raise
            return connection


def _dialect(place: Path | str) -> Dialect:
    if isinstance(place, Path):
        return Sqlite(place)
    from server.store.postgres import Postgres  # noqa: PLC0415 - its driver is loaded where it is used

    return Postgres(place)


def _persistent(once: Callable[[], T]) -> T:
    for _ in range(_TRIES - 1):
        try:
            return once()
        except Again:
            continue
    try:
        return once()
    except Again as again:
        raise again.failure from again


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
