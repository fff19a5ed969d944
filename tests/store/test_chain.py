"""The chain of events: whatever is edited afterwards shows, and where."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.case import Event, State
from server.ports import Entry
from server.store import chain
from server.store.database import Database
from tests.store.nouns import AT, open_case

SWAPPED = """UPDATE event SET seq = 9 WHERE seq = 2; UPDATE event SET seq = 2 WHERE seq = 3;
    UPDATE event SET seq = 3 WHERE seq = 9"""
INSERTED = """UPDATE event SET seq = 6 WHERE seq = 5; UPDATE event SET seq = 5 WHERE seq = 4;
    INSERT INTO event SELECT case_id, 4, at, event, state, actor, detail, sealed, policy, card, digest
    FROM event WHERE seq = 3"""
ROWS = [
    (Entry(Event.FOUND_COMPLETE, "second-reader", card="card@1"), State.READY),
    (Entry(Event.AI_SEALED, "second-reader", {"answer": "present"}, sealed=True), State.READY),
    (Entry(Event.FIRST_READ_LOCKED, "Practitioner/é", {"signed": AT}, policy="q@1"), State.READY),
    (Entry(Event.COMPARED, "second-reader"), State.COMPARED),
]


@pytest.fixture
def told(database: Database) -> Database:
    """A case with five events: opened, and the four above, written in two commits."""
    open_case(database)
    database.write(lambda c: chain.append(c, "c1", AT, ROWS[:1]))
    database.write(lambda c: chain.append(c, "c1", AT + timedelta(seconds=1), ROWS[1:]))
    edit(database, "UPDATE cases SET state = 'compared'")
    return database


def broken_at(database: Database, case: str = "c1") -> int | None:
    return database.read(lambda c: chain.broken_at(c, case))


def edit(database: Database, *statements: str) -> None:
    def run(connection) -> None:
        for each in statements:
            connection.exec_driver_sql(each)

    database.write(run)


def test_events_come_back_as_they_were_told(told: Database) -> None:
    events = told.read(lambda c: chain.history(c, "c1"))
    assert [(e.seq, e.event, e.state) for e in events] == [
        (1, "opened", "received"),
        (2, "found complete", "ready"),
        (3, "AI read sealed", "ready"),
        (4, "first read locked", "ready"),
        (5, "compared", "compared"),
    ]
    assert events[2].sealed
    assert events[2].detail == {"answer": "present"}
    assert (events[1].card, events[3].policy, events[3].actor) == ("card@1", "q@1", "Practitioner/é")
    assert events[3].detail["signed"].startswith("2026-01-05")
    assert [e.at for e in events[1:]] == [AT] + [AT + timedelta(seconds=1)] * 3
    assert len({e.digest for e in events}) == 5


def test_a_chain_as_written_is_whole(told: Database) -> None:
    assert broken_at(told) is None


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ("UPDATE event SET detail = replace(detail, 'present', 'absent') WHERE seq = 3", 3),
        ("UPDATE event SET actor = 'somebody else' WHERE seq = 4", 4),
        ("UPDATE event SET at = at + 1 WHERE seq = 2", 2),
        ("UPDATE event SET state = 'compared' WHERE seq = 2", 2),
        ("UPDATE event SET event = 'AI declined' WHERE seq = 3", 3),
        ("UPDATE event SET sealed = FALSE WHERE seq = 3", 3),
        ("UPDATE event SET policy = 'q@2' WHERE seq = 4", 4),
        ("UPDATE event SET card = 'card@2' WHERE seq = 2", 2),
        ("UPDATE event SET digest = (SELECT digest FROM event WHERE seq = 1) WHERE seq = 4", 4),
        ("DELETE FROM event WHERE seq = 1", 1),
        ("DELETE FROM event WHERE seq = 3", 3),
        ("DELETE FROM event WHERE seq = 3; UPDATE event SET seq = 3 WHERE seq = 4", 3),
        (SWAPPED, 2),
        (INSERTED, 4),
        ("DELETE FROM event WHERE seq = 5", 5),
        ("DELETE FROM event", 1),
        ("DELETE FROM event WHERE seq > 2; UPDATE cases SET state = 'ready'", 3),
        ("UPDATE cases SET head = NULL", 6),
    ],
    ids=[
        "detail", "actor", "time", "state", "event", "seal", "policy", "card", "digest",
        "first removed", "removed", "removed and closed up", "swapped", "inserted",
        "last removed", "all removed", "last removed and the case put back", "head removed",
    ],
)  # fmt: skip
def test_an_edit_shows_and_says_where(told: Database, change: str, number: int) -> None:
    edit(told, *change.split(";"))
    assert broken_at(told) == number


def test_the_chains_of_two_cases_do_not_depend_on_each_other(told: Database) -> None:
    open_case(told, "c2")
    edit(told, "UPDATE event SET actor = 'x' WHERE case_id = 'c1'")
    assert broken_at(told, "c1") == 1
    assert broken_at(told, "c2") is None


def test_an_event_cannot_be_moved_to_another_case(told: Database) -> None:
    open_case(told, "c2")
    edit(
        told,
        "DELETE FROM event WHERE case_id = 'c2'",
        "UPDATE event SET case_id = 'c2' WHERE case_id = 'c1'",
    )
    assert broken_at(told, "c2") == 1
