"""What drift may count: lots of each device, which do not overlap, as a whole; nothing under seal."""

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
from server.model import Answer, Answered, Device, DriftAct, DriftRule, Kind, Result, Verdict
from server.routing.drift_figures import told
from server.routing.drift_streams import Since, streams
from server.store import lots
from server.store.database import Database
from server.store.drift import Counted, DriftStore, Seen
from server.store.tables import cases
from tests.store.nouns import AT
from tests.store.test_reporting import CARD, QUESTION, a_case, end, people

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


def together(found: Counted) -> list[Answered]:
    return [each for lot in found.lots for each in lot]


def of(found: Counted, device: Device) -> list[Answered]:
    return [
        each
        for lot in found.lots
        for each in lot
        if lot[0].device is not None and scope_of(lot[0].device) == scope_of(device)
    ]


def test_what_is_known_of_a_case(database: Database) -> None:
    people(database, on(OLD, [CAUGHT] + [AGREED] * 9))
    found = counted(database)
    [lot] = found.lots
    assert lot[0] == Answered(lot[0].seq, AT, OLD, present=True, score=0.9, discordant=True)
    assert [each.discordant for each in lot] == [True] + [False] * 9
    assert (found.seen.results, found.more) == (10, 10)


def test_of_nothing_nothing(database: Database) -> None:
    assert counted(database) == Counted(Seen(), 10)
    assert DriftStore(database).seen(QUESTION, CARD) == Seen()


def test_another_model_version_and_another_question_do_not_count(database: Database) -> None:
    people(database, [AGREED] * 10)
    assert DriftStore(database).counted(QUESTION, "abm@1.0.1") == Counted(Seen(), 10)
    assert DriftStore(database).counted("another", CARD) == Counted(Seen(), 10)


def test_a_lot_that_is_not_full_waits_and_it_is_said_for_how_many(database: Database) -> None:
    people(database, on(OLD, [AGREED] * 7) + on(NEW, [AGREED] * 6))
    found = counted(database)
    assert (found.lots, found.seen.results, found.more) == ((), 13, 3)
    people(database, on(OLD, [AGREED] * 3), 13)
    found = counted(database)
    assert (len(together(found)), len(of(found, OLD)), found.more) == (10, 10, 4)


def test_names_of_a_device_are_compared_without_case_and_spaces_and_none_is_none(database: Database) -> None:
    other = replace(NEW, maker="ACME Imaging")
    people(database, on(NEW, [AGREED] * 5) + on(other, [AGREED] * 5) + on(Device("", "DX"), [AGREED] * 10))
    found = counted(database)
    assert [each.device for each in together(found)] == [NEW] * 5 + [other] * 5 + [None] * 10


def test_a_person_counts_once_with_the_first_case_and_moves_nobody_else(database: Database) -> None:
    people(database, [AGREED] * 10)
    before = counted(database).lots
    for number in range(20, 40):
        end(database, a_case(database, number, "Patient/p1"), CAUGHT)
    assert counted(database).lots == before


@pytest.mark.parametrize("number", [3, 10, 19])
def test_a_question_that_is_asked_anew_takes_its_lot_away_and_no_other_case_moves(
    database: Database, number: int
) -> None:
    people(database, on(OLD, [AGREED] * 25))
    before = counted(database)
    assert len(together(before)) == 20
    a_case(database, 99, f"Patient/p{number}", State.READY, policy="d2")
    found = counted(database)
    lot = range(number // 10 * 10, number // 10 * 10 + 10)
    left = [each for place, each in enumerate(together(before)) if place not in lot]
    assert together(found) == left
    database.write(lambda c: c.execute(update(cases).where(cases.c.id == "c99").values(state=State.REJECTED)))
    assert counted(database) == before


def test_whatever_a_case_says_that_is_under_seal_again_the_same_is_counted(database: Database) -> None:
    people(database, on(OLD, [AGREED] * 25))
    a_case(database, 99, "Patient/p4", State.READY, policy="d2")
    seen = []
    for says in (AGREED, CAUGHT, UNUSABLE):
        end(database, "c4", *on(OLD, [says]))
        seen.append(counted(database))
    assert seen[0] == seen[1] == seen[2]


def test_a_device_with_lots_of_all_sizes_lacks_nobody_whom_all_together_have(database: Database) -> None:
    """Else all together less a device would be a few people: here those of the other one."""
    rng = Random(7)
    odd = set(rng.sample(range(60), 3))
    people(database, [each for n in range(60) for each in on(NEW if n in odd else OLD, [AGREED])])
    found = counted(database)
    assert len(together(found)) >= 40
    assert together(found) == of(found, OLD)


def test_lots_of_all_sizes_do_not_overlap_and_have_one_device_each(database: Database) -> None:
    rng = Random(9)
    people(database, [each for _ in range(90) for each in on(rng.choice([OLD, NEW, None]), [AGREED])])
    before = counted(database).lots
    for number in range(90, 120):
        device = rng.choice([OLD, NEW, None])
        end(database, a_case(database, number, f"Patient/p{number - 90}"), *on(device, [AGREED]))
    found = counted(database)
    assert all(lots.LEAST <= len(lot) < lots.LEAST + lots.SPREAD for lot in found.lots)
    assert all(len({each.device for each in lot}) == 1 for lot in found.lots)
    seqs = [each.seq for each in together(found)]
    assert len(seqs) == len(set(seqs))
    assert found.lots == before, "the later ones are further cases of people who are counted"


def test_what_the_model_has_not_answered_is_in_no_lot(database: Database) -> None:
    people(database, [AGREED] * 10 + [DECLINED] * 9 + [CAUGHT])
    assert (len(together(counted(database))), counted(database).more) == (10, 9)
    people(database, [AGREED] * 9, 20)
    assert [len(lot) for lot in counted(database).lots] == [10, 10]


def test_of_fewer_than_ten_in_a_lot_no_discordance_and_no_score_is_counted(database: Database) -> None:
    unscored = replace(AGREED, probability=None)
    people(database, [CAUGHT] + [UNUSABLE] * 9 + [unscored] * 9 + [AGREED])
    one, other = counted(database).lots
    assert ([each.discordant for each in one], [each.score is None for each in one]) == (
        [None] * 10,
        [False] * 10,
    )
    assert ([each.discordant for each in other], [each.score for each in other]) == (
        [False] * 10,
        [None] * 10,
    )


RULE = DriftRule(DriftAct.TELL, baseline=20)


def weeks(database: Database) -> dict[str, Any]:
    figures = told(streams(RULE, counted(database).lots, Since())[0])
    return {each["monday"]: (each["discordant"], each["of"]) for each in figures["weeks"]}


def test_a_lot_is_in_the_week_of_its_last_case(database: Database) -> None:
    """Else whoever is alone in the next week could be told from it, when they are asked anew."""
    people(database, on(OLD, [AGREED] * 16 + [CAUGHT] * 4))
    people(database, on(OLD, [AGREED] * 19), 20, AT + timedelta(days=7))
    people(database, on(OLD, [CAUGHT] + [AGREED] * 9 + [CAUGHT] * 11), 39, AT + timedelta(days=14))
    before = weeks(database)
    assert [each[1] for each in before.values()] == [10, 30]
    a_case(database, 999, "Patient/p39", State.ACCEPTED)
    after = weeks(database)
    assert [each[1] for each in after.values()] == [10, 20]


def test_of_lots_of_all_sizes_every_difference_by_one_who_is_asked_anew_is_of_a_lot(
    database: Database,
) -> None:
    """Weeks, baseline and what came since, of all together and of each device."""
    rng = Random(11)
    for day in range(120):
        device = rng.choice([OLD, OLD, NEW, None])
        said = on(device, [rng.choice([AGREED, AGREED, CAUGHT, UNUSABLE, DECLINED])])
        people(database, said, day, AT + timedelta(hours=6 * day))

    def numbers() -> dict[tuple[str, str], int]:
        found = dict[tuple[str, str], int]()
        for each in streams(RULE, counted(database).lots, Since()):
            base, now = each.judged.base[1], each.judged.now[1]
            found |= {(each.scope, "base"): base, (each.scope, "now"): now, (each.scope, "both"): base + now}
            found |= {(each.scope, str(week.monday)): week.of for week in each.judged.weeks}
        return found

    before = numbers()
    for number in range(0, 120, 7):
        a_case(database, 900 + number, f"Patient/p{number}", State.ACCEPTED)
        after = numbers()
        assert all(each == 0 or each >= lots.LEAST for each in after.values())
        lost = [before[each, "both"] - after.get((each, "both"), 0) for each, of in before if of == "both"]
        assert all(each == 0 or each >= lots.LEAST for each in lost)
        over = update(cases).where(cases.c.id == f"c{900 + number}").values(state=State.LAPSED)
        database.write(lambda c, over=over: c.execute(over))
        assert numbers() == before


def test_who_is_asked_anew_and_no_more_is_seen(database: Database) -> None:
    people(database, [AGREED] * 10)
    before = DriftStore(database).seen(QUESTION, CARD)
    a_case(database, 998, "Patient/nobody", State.ACCEPTED)
    assert DriftStore(database).seen(QUESTION, CARD) == before, "of whom there is no result"
    a_case(database, 999, "Patient/p3", State.ACCEPTED)
    assert DriftStore(database).seen(QUESTION, CARD) != before
    assert counted(database).seen == DriftStore(database).seen(QUESTION, CARD)
    database.write(lambda c: c.execute(update(cases).where(cases.c.id == "c999").values(state=State.LAPSED)))
    assert DriftStore(database).seen(QUESTION, CARD) == before


def test_what_may_change_by_new_results_of_lots_of_all_sizes_is_said_before(database: Database) -> None:
    rng, until, before = Random(8), 0, counted(database)
    for number in range(80):
        people(database, on(rng.choice([OLD, NEW, None]), [AGREED]), number)
        found = counted(database)
        assert found.more <= lots.LEAST, "a device that is new may fill a lot before all together do"
        if found.seen.results < until:
            assert found.lots == before.lots
        until, before = found.seen.results + found.more, found


def test_the_order_is_that_in_which_cases_were_resolved_whatever_the_clock_said(database: Database) -> None:
    people(database, [AGREED] * 5, at=AT + timedelta(hours=3))
    people(database, [CAUGHT] * 5, 5)
    found = together(counted(database))
    assert [each.present for each in found] == [False] * 5 + [True] * 5
