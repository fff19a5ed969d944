"""The database: what one writes another sees whole or not at all, on both products."""

from __future__ import annotations

import stat
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import IntegrityError

from server.errors import Category, Fault
from server.store.database import Database, prepare_folder
from server.store.dialect import Again, unavailable
from server.store.tables import arrival, cases
from tests.store.nouns import ids, later, open_case, row


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


@pytest.mark.parametrize("how", ["read", "write"])
def test_what_the_database_undid_for_another_is_done_anew(database: Database, how: str) -> None:
    tries: list[int] = []

    def work(connection) -> str:
        tries.append(len(tries))
        connection.execute(select(arrival.c.id)).all()
        if len(tries) < 3:
            raise Again(unavailable("x"))
        return "done"

    assert getattr(database, how)(work) == "done"
    assert tries == [0, 1, 2]


@pytest.mark.parametrize("how", ["read", "write"])
def test_nobody_tries_for_ever(database: Database, how: str) -> None:
    tries: list[int] = []

    def work(_connection) -> None:
        tries.append(1)
        raise Again(unavailable("others"))

    with pytest.raises(Fault, match=r"cannot be used now \(others\); nothing was written, try again"):
        getattr(database, how)(work)
    assert len(tries) == 5


def test_a_snapshot_that_breaks_is_told(database: Database) -> None:
    with pytest.raises(Fault, match="others") as failed, database.reading():
        raise Again(unavailable("others"))
    assert failed.value.category is Category.UNAVAILABLE


def test_who_finds_all_connections_in_use_is_told_to_come_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database.engine.pool, "_timeout", 0)
    monkeypatch.setattr(database.engine.pool, "_max_overflow", 0)
    with ExitStack() as held:
        for _ in range(database.engine.pool.size()):  # type: ignore[attr-defined]
            held.enter_context(database.reading())
        with pytest.raises(Fault, match="in use") as refused:
            ids(database)
    assert refused.value.category is Category.UNAVAILABLE


def test_a_foreign_key_must_lead_somewhere(database: Database) -> None:
    statement = text("INSERT INTO fact (case_id, kind, number, at, body) VALUES ('no', 'k', 1, 0, :body)")
    with pytest.raises(IntegrityError, match=r"FOREIGN KEY|foreign key"):
        database.write(lambda c: c.execute(statement, {"body": b""}))


def test_an_error_of_ours_tells_no_values(database: Database) -> None:
    with pytest.raises(IntegrityError) as failed:
        database.write(lambda c: c.execute(insert(arrival), row("secret") | {"door": None}))
    assert "secret" not in str(failed.value).partition("DETAIL")[0]


def test_a_text_with_nul_is_taken_and_found_by_nothing_else(database: Database) -> None:
    open_case(database)
    database.write(lambda c: c.execute(cases.update().values(last_error="a\0b")))
    for words, there in (("a\0b", 1), ("ab", 0), ("a", 0)):
        found = select(cases.c.id).where(cases.c.last_error == words)
        assert len(database.read(lambda c, q=found: c.execute(q).all())) == there


def test_moments_and_bytes_come_back_as_they_were(database: Database) -> None:
    every = bytes(range(256))
    at = later(days=-40_000, microseconds=1)
    database.write(lambda c: c.execute(insert(arrival), row("a") | {"body": every, "received_at": at}))
    found = database.read(lambda c: c.execute(select(arrival)).one())
    assert (bytes(found.body), found.received_at) == (every, at)


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
    assert ids(database) == ["a"]
