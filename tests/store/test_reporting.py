"""What a report may count: lots of people, whole and within the period; no difference tells of one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import insert, update

from server.case import Event, State
from server.model import (
    Alike,
    Answer,
    Gated,
    GateKey,
    Learnt,
    Passage,
    Passed,
    ReadAfterAll,
    ResourceKey,
    Result,
    Silence,
    Unanswered,
    Verdict,
)
from server.ports import Fact
from server.store import gates, lots, results
from server.store.caserow import find
from server.store.database import Database
from server.store.lots import LEAST
from server.store.reporting import ReportStore, Span
from server.store.tables import cases, event
from tests.store.nouns import AT

P, A = Answer.PRESENT, Answer.ABSENT
QUESTION, CARD = "bacterial-meningitis", "abm@1.0.0"
KEY = GateKey(QUESTION, CARD, 0.05, "routine")
AGREED = Result(CARD, Verdict.CONCORDANT, "P1", A, A, 0.1, None, "routine", None)
CAUGHT = Result(CARD, Verdict.DISCORDANT, "P1", A, P, 0.9, None, "routine", P)
YEAR = Span(AT - timedelta(days=1), AT + timedelta(days=365))


@pytest.fixture(autouse=True)
def of_ten(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Every lot has ten, but where a test is about their sizes."""
    if "sizes" not in request.node.name:
        monkeypatch.setattr(lots, "SPREAD", 1)


def a_case(database: Database, number: int, patient: str, state: State = State.CLOSED, **more: Any) -> str:
    id_ = f"c{number}"
    row: dict[str, Any] = {
        "id": id_,
        "question": QUESTION,
        "task_id": f"t{number}",
        "patient": patient,
        "report": f"DiagnosticReport/r{number}",
        "task_system": "urn:s",
        "task_value": str(number),
        "opened_at": AT,
        "state": state,
        "first": "locked",
        "ai": "released",
        "policy": "d1",
        **more,
    }
    database.write(lambda c: c.execute(insert(cases).values(**row)))
    return id_


def end(database: Database, id_: str, *facts: Any, at: datetime = AT) -> None:
    def work(connection: Any) -> None:
        row = find(connection, id_)
        assert row is not None
        said = [Fact("fact", number, each) for number, each in enumerate(facts)]
        results.keep(connection, row, said, at)
        gates.keep(connection, row, said, at)

    database.write(work)


def people(database: Database, found: Iterable[Result], first: int = 0, at: datetime = AT) -> int:
    number = first
    for each in found:
        end(database, a_case(database, number, f"Patient/p{number}"), each, at=at)
        number += 1
    return number


def counted(database: Database, span: Span = YEAR) -> int:
    return sum(each.cases for row in ReportStore(database).reported(span) for each in row.alike)


def test_what_came_to_the_same_is_counted_together(database: Database) -> None:
    people(database, [AGREED] * 17 + [CAUGHT] * 3)
    [found] = ReportStore(database).reported(YEAR)
    assert (found.question, found.card, found.left_out) == (QUESTION, CARD, 0)
    assert set(found.alike) == {
        Alike("P1", A, A, True, None, "d1", 17),
        Alike("P1", A, P, True, P, "d1", 3),
    }
    assert found.calibration == ((0.9, True),) * 3


def test_why_the_model_has_no_answer_and_what_was_said_blind(database: Database) -> None:
    """Withdrawn is what was voided before its release; a model that was not asked has not declined."""
    declined = Result(CARD, Verdict.DECLINED, "P1", A, None, None, None, "routine", P, A)
    late = replace(declined, silence=Silence.LATE)
    unasked = replace(declined, verdict=Verdict.NOT_ASKED, silence=Silence.NOT_ASKED)
    people(database, [declined] * 6 + [late] * 4 + [unasked] * 10)
    void = {"case_id": "c1", "seq": 1, "at": AT, "event": str(Event.AI_VOIDED), "state": "-", "actor": "-",
            "detail": "", "sealed": True, "digest": "-"}  # fmt: skip
    database.write(lambda c: c.execute(insert(event).values(**void)))
    [found] = ReportStore(database).reported(YEAR)
    assert {each.unanswered: each.cases for each in found.alike} == {
        Unanswered.CONTRACT: 5, Unanswered.WITHDRAWN: 1, Unanswered.LATE: 4, None: 10,
    }  # fmt: skip
    assert {(each.final, each.blind) for each in found.alike} == {(P, A)}


def test_a_lot_that_is_not_full_waits(database: Database) -> None:
    people(database, [AGREED] * 9)
    [found] = ReportStore(database).reported(YEAR)
    assert (found.alike, found.left_out, found.calibration) == ((), 9, ())
    people(database, [CAUGHT], 9)
    assert counted(database) == 10


def test_a_person_counts_once_with_the_first_case(database: Database) -> None:
    people(database, [AGREED] * 10)
    for number in range(20, 30):
        end(database, a_case(database, number, "Patient/p1"), CAUGHT)
    [found] = ReportStore(database).reported(YEAR)
    assert [(each.model, each.cases) for each in found.alike] == [(A, 10)]
    assert found.left_out == 10


@pytest.mark.parametrize("number", [3, 10, 19])
def test_a_question_that_is_asked_anew_takes_its_lot_away_and_no_other_case_moves(
    database: Database, number: int
) -> None:
    people(database, [AGREED] * 25)
    assert counted(database) == 20
    a_case(database, 99, f"Patient/p{number}", State.READY, policy="d2")
    [found] = ReportStore(database).reported(YEAR)
    assert (sum(each.cases for each in found.alike), found.left_out) == (10, 15)
    database.write(lambda c: c.execute(update(cases).where(cases.c.id == "c99").values(state=State.REJECTED)))
    assert counted(database) == 20


def test_the_same_question_about_somebody_else_or_another_one_takes_nothing_away(database: Database) -> None:
    people(database, [AGREED] * 10)
    a_case(database, 98, "Patient/p98", State.READY)
    a_case(database, 99, "Patient/p1", State.READY, question="another")
    assert counted(database) == 10


@pytest.mark.parametrize(
    ("state", "before", "counts"),
    [
        (State.COMPARED, None, False),
        (State.WITHDRAWN, None, False),
        (State.HELD, State.REFERRED, False),
        (State.HELD, State.CONTESTED, True),
        (State.CONTESTED, None, True),
        (State.KEPT, None, True),
        (State.RETRACTED, None, True),
        (State.RESOLVED, None, True),
    ],
)
def test_what_is_not_resolved_any_more_is_not_counted(
    database: Database, state: State, before: State | None, counts: bool
) -> None:
    people(database, [AGREED] * 10)
    database.write(
        lambda c: c.execute(update(cases).where(cases.c.id == "c4").values(state=state, before=before))
    )
    assert counted(database) == (10 if counts else 0)


def test_no_two_periods_differ_by_fewer_than_ten(database: Database) -> None:
    for number in range(40):
        people(database, [AGREED], number, AT + timedelta(hours=number))
    sizes = set()
    for since in range(41):
        for until in range(since, 41):
            span = Span(AT + timedelta(hours=since), AT + timedelta(hours=until))
            sizes.add(counted(database, span))
    assert sizes == {0, 10, 20, 30, 40}


DECLINED = replace(AGREED, verdict=Verdict.DECLINED, model=None, probability=None, final=A)
UNUSABLE = replace(AGREED, verdict=Verdict.NOT_COMPARABLE, first=None)


def kinds(database: Database, span: Span = YEAR) -> Counter[str]:
    """How many there are of each denominator, and in how many the two differ."""
    came: Counter[str] = Counter()
    for each in ReportStore(database).reported(span)[0].alike:
        name = "declined" if each.model is None else "unusable" if each.first is None else "compared"
        came[name] += each.cases
    return came


def test_one_who_was_compared_among_nine_declined_waits_for_nine_more(database: Database) -> None:
    """Or whether the two agreed about that one would be told when its lot goes under seal."""
    people(database, [AGREED] * 16 + [CAUGHT] * 14 + [DECLINED] * 9 + [CAUGHT])
    before = ReportStore(database).reported(YEAR)
    assert (kinds(database), before[0].left_out) == (Counter(compared=30), 10)
    a_case(database, 999, "Patient/p39", State.ACCEPTED)
    assert ReportStore(database).reported(YEAR) == before
    people(database, [AGREED] * 9 + [DECLINED], 40)
    assert kinds(database) == Counter(compared=30), "the lots of both kinds hold the one under seal"
    database.write(
        lambda c: c.execute(update(cases).where(cases.c.id == "c999").values(state=State.REJECTED))
    )
    assert kinds(database) == Counter(compared=40, declined=10)


def test_no_two_reports_differ_by_fewer_than_ten_of_a_kind(database: Database) -> None:
    dice = random.Random(5)
    mixed = dice.choices([AGREED, CAUGHT, DECLINED, UNUSABLE], [6, 2, 1, 1], k=200)
    for number, each in enumerate(mixed):
        people(database, [each], number, AT + timedelta(hours=number))
    whole = kinds(database)
    assert set(whole) == {"compared", "declined", "unusable"}
    others = [kinds(database, Span(AT, AT + timedelta(hours=end))) for end in range(100, 200, 7)]
    a_case(database, 999, "Patient/p0", State.ACCEPTED)
    for number in range(0, 200, 9):
        patient = f"Patient/p{number}"
        database.write(
            lambda c, patient=patient: c.execute(
                update(cases).where(cases.c.id == "c999").values(patient=patient)
            )
        )
        others.append(kinds(database))
    assert all(less[name] <= whole[name] for less in others for name in whole)
    differences = {whole[name] - less[name] for less in others for name in whole}
    assert len(differences) > 2
    assert min(differences - {0}) >= 10


def test_the_sizes_of_lots_are_ten_and_more_and_no_number_that_is_known(database: Database) -> None:
    for number in range(120):
        people(database, [AGREED], number, AT + timedelta(hours=number))
    ends = {counted(database, Span(AT, AT + timedelta(hours=each))) for each in range(121)}
    sizes = [later - earlier for earlier, later in pairwise(sorted(ends))]
    assert all(LEAST <= each < LEAST + lots.SPREAD for each in sizes)
    assert len(set(sizes)) > 1


def test_versions_of_the_model_are_told_apart(database: Database) -> None:
    people(database, [AGREED] * 10)
    newer = Result("abm@1.1.0", Verdict.CONCORDANT, "P1", A, A, 0.1, None, "routine", None)
    people(database, [newer] * 4, 10)
    found = ReportStore(database).reported(YEAR)
    assert [(each.card, each.left_out) for each in found] == [(CARD, 0), ("abm@1.1.0", 4)]


def test_gatekeepers_are_counted_where_their_cases_have_ended(database: Database) -> None:
    for number in range(20):
        id_ = a_case(database, number, f"Patient/p{number}")
        out = number >= 5
        passage = Passage.RULED_OUT if out else Passage.DRAWN
        at = AT + timedelta(minutes=number)
        end(database, id_, Gated(passage, True, KEY, 1), *([] if out else [AGREED]), at=at)
        if number == 7:
            end(database, id_, ReadAfterAll(ResourceKey("DiagnosticReport", "late", 1), P))
    assert ReportStore(database).gates(YEAR) == {(QUESTION, CARD): Passed(20, 15, 6, 1)}
    for id_ in ("c4", "c9"):  # read by a human who saw nothing, and by nobody
        end(database, id_, Learnt(1, P))
    assert ReportStore(database).gates(YEAR) == {(QUESTION, CARD): Passed(20, 15, 7, 3)}
    end(database, "c9", Learnt(2, None))
    assert ReportStore(database).gates(YEAR) == {(QUESTION, CARD): Passed(20, 15, 6, 2)}
    database.write(lambda c: c.execute(update(cases).where(cases.c.id == "c2").values(state=State.READY)))
    assert ReportStore(database).gates(YEAR) == {(QUESTION, CARD): Passed(10, 10, 0, 0)}


def test_what_the_model_said_and_was_never_released_is_not_told_of_a_gatekeeper(database: Database) -> None:
    for number in range(10):
        id_ = a_case(database, number, f"Patient/p{number}", ai="not-asked" if number == 3 else "released")
        at = AT + timedelta(minutes=number)
        end(database, id_, Gated(Passage.DRAWN, True, KEY, 1), AGREED, at=at)
    assert ReportStore(database).gates(YEAR) == {(QUESTION, CARD): Passed(10, 0, 9, 0)}
