"""Accesses: durable when laid down, one flush for many, AuditEvents exactly once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from server.accesses import Access, Doing
from server.errors import Category, Fault, fault
from server.ports import ResourceWrite
from server.store import resources
from server.store.accesses import Accesses, Noted, note
from server.store.database import Database
from tests.fhir.shelf import AT


def access(number: int) -> Access:
    return Access(id=f"a-{number}", at=AT, doing=Doing.READ, name="Ward", what=(f"Patient/{number}",))


def event(noted: Noted) -> ResourceWrite:
    return ResourceWrite("AuditEvent", noted.access.id, 1, AT, b"{}", (), None)


@pytest.fixture
def folder(database: Database, tmp_path: Path) -> Path | None:
    return tmp_path if "SQLite" in database.product else None


@pytest.fixture
def kept(database: Database, folder: Path | None) -> Iterator[Accesses]:
    opened = Accesses(database, folder)
    yield opened
    opened.close()


def waiting(kept: Accesses, limit: int = 1_000) -> list[Noted]:
    return kept.waiting(kept.marks(), limit)


def written(database: Database, id_: str) -> Any:
    return database.read(lambda c: resources.newest(c, "AuditEvent", id_))


def test_what_was_laid_down_is_there_for_another_process(
    kept: Accesses, database: Database, folder: Path | None
) -> None:
    kept.keep([access(1), access(2)])
    other = Accesses(database, folder)
    assert [each.access for each in waiting(other)] == [access(1), access(2)]
    other.close()


def test_many_threads_lay_down_all_of_theirs(kept: Accesses) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: kept.keep([access(n)]), range(200)))
    assert sorted(each.access.id for each in waiting(kept)) == sorted(f"a-{n}" for n in range(200))


def test_whoever_waits_while_one_flushes_shares_the_next_flush(
    kept: Accesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, flushes = threading.Event(), threading.Event(), list[int]()
    add = kept._add

    def slow(bodies: list[bytes]) -> None:
        flushes.append(len(bodies))
        begun.set()
        assert go.wait(30)
        add(bodies)

    monkeypatch.setattr(kept, "_add", slow)
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(kept.keep, [access(0)])
        assert begun.wait(30)
        others = [pool.submit(kept.keep, [access(n)]) for n in range(1, 9)]
        while len(kept._waiting) < 8:
            pass
        go.set()
        for each in (first, *others):
            each.result(30)
    assert flushes == [1, 8]
    assert len(waiting(kept)) == 9


def test_everybody_of_a_flush_that_failed_is_told(kept: Accesses, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(bodies: list[bytes]) -> None:
        raise fault(Category.UNAVAILABLE, "no-store", "the disk is full")

    monkeypatch.setattr(kept, "_add", full)
    with pytest.raises(Fault) as told:
        kept.keep([access(1)])
    assert told.value.category is Category.UNAVAILABLE
    monkeypatch.undo()
    kept.keep([access(2)])
    assert [each.access.id for each in waiting(kept)] == ["a-2"]


def test_an_access_stands_or_falls_with_what_it_did(kept: Accesses, database: Database) -> None:
    database.write(lambda c: note(c, [access(1)]))

    def undone(connection: Any) -> None:
        note(connection, [access(2)])
        raise fault(Category.CONFLICT, "conflict", "somebody was faster")

    with pytest.raises(Fault):
        database.write(undone)
    assert [(each.access.id, each.file) for each in waiting(kept)] == [("a-1", "")]


def test_what_has_become_an_event_waits_no_more_and_is_there_once(kept: Accesses, database: Database) -> None:
    database.write(lambda c: note(c, [access(1)]))
    kept.keep([access(2)])
    for _ in range(2):
        found = waiting(kept)
        again = list(found)
        kept.settle([(each, [event(each)]) for each in found])
        kept.settle([(each, [event(each)]) for each in again])  # another worker had read the same
    assert waiting(kept) == []
    assert [written(database, f"a-{n}").version for n in (1, 2)] == [1, 1]


def test_a_death_between_the_two_files_makes_nothing_twice(
    kept: Accesses, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.keep([access(1)])
    [found] = waiting(kept)
    if not found.file:
        return  # one commit: there is no between
    with monkeypatch.context() as patched:
        patched.setattr(kept._files[found.file], "forget", lambda _: None)
        kept.settle([(found, [event(found)])])
    assert waiting(kept) == [found]
    kept.settle([(found, [event(found)])])
    assert waiting(kept) == []
    assert written(database, "a-1").version == 1


def test_only_what_had_been_laid_down_by_then(kept: Accesses) -> None:
    kept.keep([access(1)])
    upto = kept.marks()
    kept.keep([access(2)])
    assert [each.access.id for each in kept.waiting(upto, 10)] == ["a-1"]


def test_a_damaged_file_is_told_at_the_start(database: Database, tmp_path: Path) -> None:
    (tmp_path / "audit-0.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(Fault, match=r"audit-0\.db is damaged"):
        Accesses(database, tmp_path)
