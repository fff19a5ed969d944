"""The database: flushed, one writer at a time, and never on a SQLite that corrupts."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pysqlite3
import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError, OperationalError

from server.errors import Category, Fault
from server.store.database import Database, prepare_folder, safe_sqlite
from server.store.tables import arrival
from tests.store.nouns import AT

WRITERS, EACH = 2, 25


def row(id_: str) -> dict[str, object]:
    return {
        "id": id_,
        "door": "fhir",
        "interaction": "create",
        "received_at": AT,
        "digest": "0" * 64,
        "size": 0,
        "body": b"",
    }


def ids(database: Database) -> list[str]:
    return database.read(lambda c: list(c.execute(select(arrival.c.id).order_by(arrival.c.seq)).scalars()))


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


def impatient(database: Database):
    """A connection of another program that does not wait for a lock."""
    other = pysqlite3.connect(database.path, timeout=0, isolation_level=None)
    other.execute("PRAGMA busy_timeout=0")
    return other


def test_a_writer_takes_the_lock_when_it_begins(database: Database) -> None:
    other = impatient(database)

    def work(_connection) -> None:  # has not written anything yet
        with pytest.raises(pysqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")

    database.write(work)
    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_a_reader_takes_no_lock_and_keeps_its_snapshot(database: Database) -> None:
    database.write(lambda c: c.execute(insert(arrival), row("a")))

    def work(connection) -> None:
        before = connection.execute(select(arrival.c.id)).all()
        database.write(lambda c: c.execute(insert(arrival), row("b")))
        assert connection.execute(select(arrival.c.id)).all() == before

    database.read(work)
    assert ids(database) == ["a", "b"]


def test_a_failing_writer_leaves_nothing(database: Database) -> None:
    def work(connection) -> None:
        connection.execute(insert(arrival), row("a"))
        raise LookupError

    with pytest.raises(LookupError):
        database.write(work)
    assert ids(database) == []
    database.write(lambda c: c.execute(insert(arrival), row("b")))
    assert ids(database) == ["b"]


def test_the_connection_used_last_is_used_again_unless_its_transaction_failed(database: Database) -> None:
    first = database.write(lambda c: c)
    assert database.read(lambda c: c) is first
    assert not first.in_transaction()
    with database.reading() as outer:
        assert outer is first
        assert database.write(lambda c: c) is not first

    def work(_connection: Connection) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        database.read(work)
    assert first.closed
    assert database.read(lambda c: c) is not first


def test_what_is_kept_between_two_transactions_is_closed_with_the_rest(database: Database) -> None:
    kept = database.read(lambda c: c)
    database.close()
    assert kept.closed


def _write_many(path: Path, name: str) -> None:
    database = Database(path)
    for number in range(EACH):
        # Read, then write: without the lock from the beginning one of the two would fail.
        def work(connection, number: int = number) -> None:
            connection.execute(select(arrival.c.id)).all()
            connection.execute(insert(arrival), row(f"{name}{number}"))

        database.write(work)
    database.close()


def test_two_processes_write_without_losing_anything(database: Database) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [
        context.Process(target=_write_many, args=(database.path, f"w{number}-")) for number in range(WRITERS)
    ]
    for each in writers:
        each.start()
    for each in writers:
        each.join(60)
    assert [each.exitcode for each in writers] == [0] * WRITERS
    assert sorted(ids(database)) == sorted(f"w{w}-{n}" for w in range(WRITERS) for n in range(EACH))
    assert database.read(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalar_one()) == "ok"


def test_a_foreign_key_must_lead_somewhere(database: Database) -> None:
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        database.write(
            lambda c: c.exec_driver_sql(
                "INSERT INTO fact (case_id, kind, number, at, body) VALUES ('no', 'k', 1, 0, x'')"
            )
        )


def test_the_data_folder_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    prepare_folder(folder)
    prepare_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(Fault, match=f"{in_the_way} cannot be written") as refused:
        prepare_folder(in_the_way)
    assert refused.value.category is Category.UNAVAILABLE


def test_a_closed_database_can_be_opened_again(database: Database) -> None:
    database.write(lambda c: c.execute(insert(arrival), row("a")))
    database.close()
    again = Database(database.path)
    assert ids(again) == ["a"]
    again.close()


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


def test_a_damaged_file_is_told_when_it_is_read(database: Database) -> None:
    for number in range(80):
        database.write(lambda c, number=number: c.execute(insert(arrival), row(f"{number}" * 8)))
    database.read(lambda c: c.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all())
    database.close()
    content = database.path.read_bytes()
    page = 4096
    database.path.write_bytes(content[:page] + b"\xff" * (len(content) - page))
    broken = Database(database.path)
    with pytest.raises(Fault, match="restore a backup"):
        ids(broken)
    broken.close()


@pytest.mark.parametrize("side", ["read", "write"])
def test_a_statement_of_ours_that_sqlite_does_not_understand_does_not_pass_by_itself(
    database: Database, side: str
) -> None:
    with pytest.raises(OperationalError, match="no such table"):
        getattr(database, side)(lambda c: c.exec_driver_sql("SELECT * FROM missing"))
    assert ids(database) == []


def test_an_error_of_ours_shows_no_values(database: Database) -> None:
    with pytest.raises(OperationalError) as refused:
        database.read(lambda c: c.exec_driver_sql("SELECT * FROM missing WHERE name = ?", ("Peter",)))
    assert "Peter" not in str(refused.value)
