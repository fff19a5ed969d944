"""Results: one row for each resolved case, counted by question, model version, window and row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from server.model import Answer, Device, Kind, Result, Silence, Verdict
from server.ports import Fact
from server.store import results
from server.store.caserow import find
from server.store.database import Database
from server.store.results import ResultStore, Tally
from tests.store.nouns import AT, open_case

P, A = Answer.PRESENT, Answer.ABSENT
QUESTION, CARD = "bacterial-meningitis", "abm@1.0.0"
AGREED = Result(CARD, Verdict.CONCORDANT, "P1", P, P, 0.9, None, "routine", None)
MISSED = replace(AGREED, verdict=Verdict.DISCORDANT, model=A, probability=0.1, final=P)
CAUGHT = replace(MISSED, first=A, model=P, probability=0.9)
DECLINED = replace(AGREED, verdict=Verdict.DECLINED, model=None, probability=None, final=A)
UNASKED = replace(DECLINED, verdict=Verdict.NOT_ASKED, silence=Silence.NOT_ASKED)
SINCE = AT - timedelta(days=7)


def keep(database: Database, *found: Result, at: Any = AT, first: int = 1) -> None:
    for number, each in enumerate(found, first):
        open_case(database, f"c{number}")

        def work(connection: Any, each: Result = each, case: str = f"c{number}") -> None:
            row = find(connection, case)
            assert row is not None
            results.keep(connection, row, [Fact("outcome", 1, "x"), Fact("result", 1, each)], at)

        database.write(work)


def test_what_is_counted(database: Database) -> None:
    keep(database, AGREED, MISSED, CAUGHT, DECLINED, UNASKED)
    assert ResultStore(database).tally(QUESTION, CARD, SINCE, 0) == Tally(
        asked=4, declined=1, compared=3, discordant=2, ended=5, positive=3, adjudicated=2, missed=1
    )


def test_of_nothing_nothing(database: Database) -> None:
    assert ResultStore(database).tally(QUESTION, CARD, SINCE, 0) == Tally()


def test_another_model_version_question_window_and_what_came_before_do_not_count(database: Database) -> None:
    keep(database, AGREED)
    store = ResultStore(database)
    assert store.tally(QUESTION, "abm@1.0.1", SINCE, 0) == Tally()
    assert store.tally("another", CARD, SINCE, 0) == Tally()
    assert store.tally(QUESTION, CARD, AT + timedelta(seconds=1), 0) == Tally()
    last = database.read(lambda c: c.exec_driver_sql("SELECT max(seq) FROM result").scalar_one())
    assert store.tally(QUESTION, CARD, SINCE, last) == Tally()


def test_a_case_that_is_resolved_anew_has_one_row(database: Database) -> None:
    keep(database, AGREED)

    def again(connection: Any) -> None:
        row = find(connection, "c1")
        assert row is not None
        results.keep(connection, row, [Fact("result", 2, UNASKED)], AT)

    database.write(again)
    assert ResultStore(database).past(QUESTION, 10) == [UNASKED]


def test_the_past_is_the_latest_oldest_first(database: Database) -> None:
    keep(database, AGREED, MISSED, DECLINED)
    assert ResultStore(database).past(QUESTION, 2) == [MISSED, DECLINED]
    assert ResultStore(database).past("another", 2) == []


def test_it_is_kept_what_kind_of_person_and_of_device_it_was_about(database: Database) -> None:
    about = replace(CAUGHT, blind=A, kind=Kind(71, "female", Device("ACME", "DX 200", "3.2")))
    keep(database, about, AGREED)
    assert ResultStore(database).past(QUESTION, 2) == [about, AGREED]
