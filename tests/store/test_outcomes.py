"""How cases turned out: kept word by word, and counted in whole lots of which nothing is under seal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from server.case import State
from server.model import Answer, Basis, KnownCase, TurnedOut
from server.ports import Fact
from server.store import lots, outcomes
from server.store.database import Database
from server.store.outcomes import Outcomes
from server.store.reporting import Span
from tests.store.nouns import AT
from tests.store.test_reporting import AGREED, CARD, CAUGHT, QUESTION, YEAR, a_case, people

P, A = Answer.PRESENT, Answer.ABSENT
DAY = timedelta(days=1)
KEY = (QUESTION, CARD)


@pytest.fixture(autouse=True)
def of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lots, "SPREAD", 1)


def tell(
    database: Database, case: str, finding: Answer | None, days: int = 1, basis: Basis = Basis.CULTURE
) -> None:
    known_at, at = AT + days * DAY, AT + max(days, 1) * DAY
    word = Fact("turned-out", 1, TurnedOut(finding, basis, known_at, "Lab"))

    def work(connection: Any) -> None:
        outcomes.keep(connection, case, [word], at)

    database.write(work)


def known(database: Database, span: Span = YEAR) -> list[KnownCase]:
    return Outcomes(database).known(span).get(KEY, [])


def test_they_are_counted_with_what_was_said(database: Database) -> None:
    """Ten at least of each finding: of nine and one, the one's answers would be told by a lot."""
    people(database, [AGREED] * 10 + [CAUGHT] * 10)
    for number in range(20):
        tell(database, f"c{number}", A if number < 10 else P, days=number + 1)
        assert len(known(database)) == (0 if number < 9 else 10 if number < 19 else 20)
    found = known(database)
    assert found[0] == KnownCase(A, A, A, A, Basis.CULTURE, DAY), "nobody but the first reader has ended it"
    assert found[-1] == KnownCase(A, P, P, P, Basis.CULTURE, 20 * DAY)


def test_the_newest_word_counts_in_the_place_of_the_first(database: Database) -> None:
    people(database, [AGREED] * 20)
    for number in range(20):
        tell(database, f"c{number}", A, days=number + 1)
    tell(database, "c0", A, days=300, basis=Basis.AUTOPSY)
    found = known(database)
    assert len(found) == 20
    assert found[0] == KnownCase(A, A, A, A, Basis.AUTOPSY, 300 * DAY)


@pytest.mark.parametrize("finding", [P, None])
def test_of_whom_something_else_is_told_since_the_lot_is_left_out(
    database: Database, finding: Answer | None
) -> None:
    """By that one case two reports would differ, and tell what was said of it."""
    people(database, [AGREED] * 30)
    for number in range(30):
        tell(database, f"c{number}", A, days=number + 1)
    assert len(known(database)) == 30
    tell(database, "c0", finding, days=300, basis=Basis.AUTOPSY)
    assert len(known(database)) == 10, (
        "of the others of its lot there are fewer than ten: the next one joins them"
    )


def test_of_a_lot_that_is_not_full_nothing_is_told(database: Database) -> None:
    people(database, [AGREED] * 30)
    for number in range(19):
        tell(database, f"c{number}", A)
    assert len(known(database)) == 10, "or the next report would tell how the one case turned out"
    tell(database, "c19", A)
    assert len(known(database)) == 20


def test_a_lot_with_one_who_is_read_anew_is_left_out_as_a_whole(database: Database) -> None:
    people(database, [AGREED] * 20)
    for number in range(20):
        tell(database, f"c{number}", A, days=number + 1)
    a_case(database, 99, "Patient/p3", State.OFFERED)
    assert len(known(database)) == 10


def test_the_period_is_when_it_was_first_told(database: Database) -> None:
    people(database, [AGREED] * 20)
    for number in range(20):
        tell(database, f"c{number}", A, days=1 if number < 10 else 100)
    tell(database, "c0", A, days=200)
    assert len(known(database, Span(AT, AT + 10 * DAY))) == 10
    assert len(known(database, Span(AT + 10 * DAY, AT + 199 * DAY))) == 10
    assert known(database, Span(AT + 199 * DAY, AT + 300 * DAY)) == []


def test_known_before_it_was_resolved_it_took_no_time(database: Database) -> None:
    people(database, [AGREED] * 10)
    for number in range(10):
        tell(database, f"c{number}", A, days=-5)
    assert {each.after for each in known(database)} == {timedelta()}
