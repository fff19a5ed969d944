"""What has happened to whom: of the cases that a report counts, and of those that were never compared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from server.case import Event, State
from server.store import lots
from server.store.database import Database
from server.store.policy_tables import result
from server.store.reporting import ReportStore, Span
from server.store.tables import cases, event
from server.store.turnaround import Courses, TurnaroundStore
from tests.store.nouns import AT

QUESTION, CARD = "bacterial-meningitis", "abm@1.0.0"
YEAR = Span(AT - timedelta(days=1), AT + timedelta(days=365))
NEEDED = frozenset({Event.OPENED, Event.FIRST_READ_LOCKED, Event.COMPARED, Event.RESOLVED})


@pytest.fixture(autouse=True)
def of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lots, "SPREAD", 1)


def a_case(database: Database, number: int, state: State, *events: Event, **more: Any) -> None:
    id_ = f"c{number}"
    row = {
        "id": id_, "question": QUESTION, "task_id": f"t{number}", "report": "r",
        "patient": f"Patient/{number}", "task_system": "urn:s", "task_value": str(number),
        "opened_at": AT, "state": state,
        "first": "locked", "ai": "released", "policy": "d1", **more,
    }  # fmt: skip
    happened = [
        {"case_id": id_, "seq": seq, "at": AT + timedelta(minutes=seq), "event": str(each), "state": "-",
         "actor": "-", "detail": "", "sealed": False, "digest": "-"}
        for seq, each in enumerate(events)
    ]  # fmt: skip
    ended = {
        "case_id": id_, "question": QUESTION, "card": CARD, "at": AT, "verdict": "concordant", "rule": "P1",
        "priority": "routine",
    }  # fmt: skip
    database.write(lambda c: (c.execute(insert(cases), [row]), c.execute(insert(event), happened)))
    if Event.RESOLVED in events:
        database.write(lambda c: c.execute(insert(result), [ended]))


def courses(database: Database) -> Courses:
    return TurnaroundStore(database).courses(YEAR, NEEDED)


def test_of_counted_cases_what_is_asked_for_in_its_order(database: Database) -> None:
    for number in range(10):
        a_case(database, number, State.CLOSED, Event.OPENED, Event.FOUND_COMPLETE, Event.FIRST_READ_LOCKED,
               Event.COMPARED, Event.AGREED, Event.RESOLVED)  # fmt: skip
    found = courses(database)
    told = list(found.counted[QUESTION, CARD].values())
    assert len(told) == 10
    assert told[0].policy == "d1"
    assert [(name, at - AT) for name, at in told[0].steps] == [
        (str(Event.OPENED), timedelta(0)),
        (str(Event.FIRST_READ_LOCKED), timedelta(minutes=2)),
        (str(Event.COMPARED), timedelta(minutes=3)),
        (str(Event.RESOLVED), timedelta(minutes=5)),
    ]
    assert found.before == {}


@pytest.mark.parametrize("state", [State.RECEIVED, State.INCOMPLETE, State.READY, State.LAPSED])
def test_what_was_never_compared_is_told_apart(database: Database, state: State) -> None:
    a_case(database, 1, state, Event.OPENED, Event.FIRST_READ_LOCKED)
    a_case(database, 2, state, Event.OPENED, opened_at=AT - timedelta(days=9))
    found = courses(database)
    assert [len(each.steps) for each in found.before[QUESTION]] == [2]


@pytest.mark.parametrize(
    "state", [State.COMPARED, State.OFFERED, State.ACCEPTED, State.HELD, State.RULED_OUT]
)
def test_an_open_case_that_may_tell_of_a_model_is_not(database: Database, state: State) -> None:
    """Nor one that was compared and waits for a corrected first report."""
    a_case(database, 1, state, Event.OPENED, Event.FIRST_READ_LOCKED)
    a_case(database, 2, State.READY, Event.OPENED, Event.FIRST_READ_LOCKED, Event.COMPARED)
    found = courses(database)
    assert (found.before, found.counted) == ({}, {})


def test_in_groups_as_the_figures_are(database: Database) -> None:
    for number in range(20):
        a_case(database, number, State.CLOSED, Event.OPENED, Event.RESOLVED, destination="ns"[number % 2])
    found = ReportStore(database).grouped(YEAR, lambda _key, _kind, site: site or "?")
    [grouped] = found.values()
    groups = grouped.cases
    assert {name: len(each) for name, each in groups.items()} == {"n": 10, "s": 10}
    assert set(groups["n"] + groups["s"]) == courses(database).counted[QUESTION, CARD].keys()


def test_a_lot_that_is_not_counted_is_not_timed(database: Database) -> None:
    for number in range(10):
        a_case(database, number, State.CLOSED, Event.OPENED, Event.RESOLVED)
    a_case(database, 99, State.READY, Event.OPENED, patient="Patient/4")
    found = courses(database)
    assert list(found.counted.values()) == [{}]
    assert len(found.before[QUESTION]) == 1
