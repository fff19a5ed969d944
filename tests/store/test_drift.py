"""What drift may count: in lots as a report does, of each device in lots of its own, nothing under seal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import update

from server.case import State
from server.changes import scope_of
from server.model import Answer, Answered, Device, Kind, Result, Verdict
from server.store import lots
from server.store.database import Database
from server.store.drift import Counted, DriftStore
from server.store.reporting import ReportStore
from server.store.tables import cases
from tests.store.nouns import AT
from tests.store.test_reporting import CARD, QUESTION, YEAR, a_case, end, people

P, A = Answer.PRESENT, Answer.ABSENT
AGREED = Result(CARD, Verdict.CONCORDANT, "P1", A, A, 0.1, None, "routine", None)
CAUGHT = Result(CARD, Verdict.DISCORDANT, "P1", A, P, 0.9, None, "routine", P)
DECLINED = replace(AGREED, verdict=Verdict.DECLINED, model=None, probability=None, final=A)
UNUSABLE = replace(AGREED, verdict=Verdict.NOT_COMPARABLE, first=None, final=A)
OLD, NEW = Device("ACME Imaging", "DX 200", "3.2"), Device("Acme  imaging", "DX 200", "4.0")


@pytest.fixture(autouse=True)
def of_ten(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Every lot has ten, but where a test is about their sizes."""
    if "sizes" not in request.node.name:
        monkeypatch.setattr(lots, "SPREAD", 1)


def on(device: Device | None, found: Iterable[Result]) -> list[Result]:
    return [replace(each, kind=Kind(None, None, device)) for each in found]


def counted(database: Database) -> Counted:
    return DriftStore(database).counted(QUESTION, CARD)


def test_what_is_known_of_a_case(database: Database) -> None:
    people(database, on(OLD, [CAUGHT, UNUSABLE] + [AGREED] * 7 + [DECLINED]))
    found = counted(database)
    first = found.together[0]
    assert first == Answered(first.seq, AT, OLD, present=True, score=0.9, discordant=True)
    assert [each.discordant for each in found.together] == [True, None] + [False] * 7
    assert found.devices == {scope_of(OLD): found.together}
    assert (found.results, found.more) == (10, 10)


def test_of_nothing_nothing(database: Database) -> None:
    assert counted(database) == Counted(0, 10)
    assert DriftStore(database).results(QUESTION, CARD) == 0


def test_another_model_version_and_another_question_do_not_count(database: Database) -> None:
    people(database, [AGREED] * 10)
    assert DriftStore(database).counted(QUESTION, "abm@1.0.1") == Counted(0, 10)
    assert DriftStore(database).counted("another", CARD) == Counted(0, 10)


def test_a_lot_that_is_not_full_waits_and_it_is_said_for_how_many(database: Database) -> None:
    people(database, on(OLD, [AGREED] * 7) + on(NEW, [AGREED] * 6))
    found = counted(database)
    assert (len(found.together), found.results, found.more) == (10, 13, 3)
    assert found.devices == {scope_of(OLD): (), scope_of(NEW): ()}
    people(database, on(OLD, [AGREED] * 3), 13)
    found = counted(database)
    assert (len(found.together), len(found.devices[scope_of(OLD)])) == (10, 10)


def test_names_of_a_device_are_compared_without_case_and_spaces_and_none_is_none(database: Database) -> None:
    other = replace(NEW, maker="ACME Imaging")
    people(database, on(NEW, [AGREED] * 5) + on(other, [AGREED] * 5) + on(Device("", "DX"), [AGREED] * 10))
    found = counted(database)
    assert list(found.devices) == [scope_of(NEW)] == [scope_of(other)]
    assert len(found.devices[scope_of(NEW)]) == 10
    assert [each.device for each in found.together[10:]] == [None] * 10


def test_a_person_counts_once_with_the_first_case_and_moves_nobody_else(database: Database) -> None:
    people(database, [AGREED] * 10)
    before = counted(database).together
    for number in range(20, 40):
        end(database, a_case(database, number, "Patient/p1"), CAUGHT)
    assert counted(database).together == before


@pytest.mark.parametrize("number", [3, 10, 19])
def test_a_question_that_is_asked_anew_takes_its_lot_away_and_no_other_case_moves(
    database: Database, number: int
) -> None:
    people(database, on(OLD, [AGREED] * 25))
    before = counted(database)
    assert len(before.together) == 20
    a_case(database, 99, f"Patient/p{number}", State.READY, policy="d2")
    found = counted(database)
    lot = range(number // 10 * 10, number // 10 * 10 + 10)
    left = [each for place, each in enumerate(before.together) if place not in lot]
    assert list(found.together) == left == list(found.devices[scope_of(OLD)])
    database.write(lambda c: c.execute(update(cases).where(cases.c.id == "c99").values(state=State.REJECTED)))
    assert counted(database) == before


def test_whatever_a_case_says_that_is_under_seal_again_the_same_is_counted(database: Database) -> None:
    people(database, on(OLD, [AGREED] * 25))
    a_case(database, 99, "Patient/p4", State.READY, policy="d2")
    seen = []
    for says in (AGREED, CAUGHT, DECLINED):
        end(database, "c4", *on(OLD, [says]))
        seen.append(counted(database))
    assert seen[0] == seen[1] == seen[2]


def test_all_together_are_counted_in_lots_of_the_sizes_of_a_report(database: Database) -> None:
    rng = Random(7)
    for number in range(60):
        people(database, [rng.choice([AGREED, CAUGHT])], number)
        [report] = ReportStore(database).reported(YEAR)
        assert len(counted(database).together) == sum(each.cases for each in report.alike)


def test_what_may_change_by_new_results_of_lots_of_all_sizes_is_said_before(database: Database) -> None:
    rng, until, before = Random(8), 0, counted(database)
    for number in range(80):
        people(database, on(rng.choice([OLD, NEW, None]), [AGREED]), number)
        found = counted(database)
        assert found.more <= lots.LEAST, "a device that is new may fill a lot before all together do"
        if found.results < until:
            assert (found.together, found.devices.get(scope_of(OLD)), found.devices.get(scope_of(NEW))) == (
                before.together,
                before.devices.get(scope_of(OLD), ()),
                before.devices.get(scope_of(NEW), ()),
            )
        until, before = found.results + found.more, found


def test_the_order_is_that_in_which_cases_were_resolved_whatever_the_clock_said(database: Database) -> None:
    people(database, [AGREED] * 5, at=AT + timedelta(hours=3))
    people(database, [CAUGHT] * 5, 5)
    found: Any = counted(database).together
    assert [each.present for each in found] == [False] * 5 + [True] * 5
