"""SQLite: flushed, one writer at a time, and never a version that corrupts."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pysqlite3
import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

from server.errors import Category, Fault
from server.store.database import Database
from server.store.sqlite import Sqlite, safe_sqlite
from server.store.tables import arrival
from tests.schema import migrated
from tests.store.nouns import ids, row

WRITERS, EACH = 2, 25


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of an empty store."""
    return migrated(tmp_path / "store.db")


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database(path)
    yield opened
    opened.close()


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
        ((3, 50, 8), False),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
        ((4, 0, 0), True),
    ],
)
def test_versions_that_corrupt_are_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: tuple[int, ...], safe: bool
) -> None:
    assert safe_sqlite(version) is safe
    monkeypatch.setattr(pysqlite3, "sqlite_version_info", version)
    if safe:
        Database(tmp_path / "x.db").close()
        return
    with pytest.raises(Fault, match=r"needed: 3\.51\.3 or newer") as refused:
        Database(tmp_path / "x.db")
    assert refused.value.category is Category.BROKEN


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10_000)],
)
@pytest.mark.parametrize("side", ["read", "write"])
def test_every_connection_flushes_and_waits(
    database: Database, side: str, pragma: str, value: object
) -> None:
    found = getattr(database, side)(lambda c: c.exec_driver_sql(f"PRAGMA {pragma}").scalar_one())
    assert found == value


def test_it_says_how_it_keeps_what_it_has(database: Database) -> None:
    assert database.product == f"SQLite {pysqlite3.sqlite_version}"
    assert database.about() == f"{database.product}, journal_mode=WAL, synchronous=FULL"


def impatient(path: Path):
    """A connection of another program that does not wait for a lock."""
    other = pysqlite3.connect(path, timeout=0, isolation_level=None)
    other.execute("PRAGMA busy_timeout=0")
    return other


def test_a_writer_takes_the_lock_when_it_begins(database: Database, path: Path) -> None:
    other = impatient(path)

    def work(_connection) -> None:  # has not written anything yet
        with pytest.raises(pysqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")

    database.write(work)
    other.execute("BEGIN IMMEDIATE")
    other.close()


def _write_many(path: Path, name: str) -> None:
    database = Database(path)
    for number in range(EACH):
        # Read, then write: without the lock from the beginning one of the two would fail.
        def work(connection, number: int = number) -> None:
            connection.execute(select(arrival.c.id)).all()
            connection.execute(insert(arrival), row(f"{name}{number}"))

        database.write(work)
    database.close()


def test_two_processes_write_without_losing_anything(database: Database, path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(path, f"w{number}-")) for number in range(WRITERS)]
    for each in writers:
        each.start()
    for each in writers:
        each.join(60)
    assert [each.exitcode for each in writers] == [0] * WRITERS
    assert sorted(ids(database)) == sorted(f"w{w}-{n}" for w in range(WRITERS) for n in range(EACH))
    assert database.read(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalar_one()) == "ok"


def test_a_read_cannot_write_behind_a_writers_back(database: Database) -> None:
    """A read transaction that turns into a write cannot wait: it fails at once when it is stale."""

    def work(connection) -> None:
        connection.execute(select(arrival.c.id)).all()
        database.write(lambda c: c.execute(insert(arrival), row("a")))
        connection.execute(insert(arrival), row("b"))

    with pytest.raises(Fault, match="SQLITE_BUSY"):
        database.read(work)
    assert ids(database) == ["a"]


def test_a_file_that_is_no_database_is_told_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"this is not a database" * 100)
    database = Database(path)
    with pytest.raises(Fault, match="restore a backup") as refused:
        ids(database)
    assert refused.value.category is Category.BROKEN
    database.close()


def test_a_damaged_file_is_told_when_it_is_read(database: Database, path: Path) -> None:
    for number in range(80):
        database.write(lambda c, number=number: c.execute(insert(arrival), row(f"{number}" * 8)))
    database.read(lambda c: c.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all())
    database.close()
    content = path.read_bytes()
    page = 4096
    path.write_bytes(content[:page] + b"\xff" * (len(content) - page))
    broken = Database(path)
    with pytest.raises(Fault, match="restore a backup"):
        ids(broken)
    broken.close()


@pytest.mark.parametrize("side", ["read", "write"])
def test_a_statement_of_ours_that_is_not_understood_does_not_pass_by_itself(
    database: Database, side: str
) -> None:
    with pytest.raises(OperationalError, match="no such table"):
        getattr(database, side)(lambda c: c.exec_driver_sql("SELECT * FROM missing"))
    assert ids(database) == []


def test_an_error_of_ours_shows_no_values(database: Database) -> None:
    with pytest.raises(OperationalError) as refused:
        database.read(lambda c: c.exec_driver_sql("SELECT * FROM missing WHERE name = ?", ("Peter",)))
    assert "Peter" not in str(refused.value)


def test_whether_anybody_has_written_is_told_without_a_query(database: Database) -> None:
    """What an idle worker asks a hundred times a second."""
    before = database.written()
    assert before is not None
    assert database.written() == before
    database.read(lambda c: c.exec_driver_sql("SELECT 1").all())
    assert database.written() == before
    database.write(lambda c: c.exec_driver_sql("CREATE TABLE noted (a)").close())
    assert database.written() != before


def test_processes_that_open_a_new_folder_at_once_all_open_it(tmp_path: Path) -> None:
    """As the listeners of a door do that is started before there is a schema."""
    count = 8
    for turn in range(30):
        folder = tmp_path / str(turn)
        folder.mkdir()
        together = threading.Barrier(count)

        def opened(folder: Path = folder, together: threading.Barrier = together) -> None:
            together.wait(10)
            store = Sqlite(folder / "store.db")
            store.engine.raw_connection().close()
            store.close()

        with ThreadPoolExecutor(count) as pool:
            for each in [pool.submit(opened) for _ in range(count)]:
                each.result()
