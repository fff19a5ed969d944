"""Lots of groups: of each group that is told apart a lot has ten people or more, or nobody."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from sqlalchemy import insert

from server.case import State
from server.model import Kind
from server.store import lots
from server.store.database import Database
from server.store.policy_tables import result
from server.store.reporting import Key, ReportStore, Span
from server.store.tables import cases
from tests.store.nouns import AT

QUESTION, CARD = "bacterial-meningitis", "abm@1.0.0"
FIRST = Span(AT, AT + timedelta(days=4000))


@pytest.fixture(autouse=True)
def of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lots, "SPREAD", 1)


def put(database: Database, names: list[str], **last: Any) -> None:
    """One resolved case for each, a day apart; ``last``: of the last one's case."""
    rows, results = [], []
    for number, name in enumerate(names):
        rows.append(
            {
                "id": f"c{number}", "question": QUESTION, "task_id": f"t{number}", "report": f"r{number}",
                "patient": f"Patient/p{number}", "task_system": "urn:s", "task_value": str(number),
                "opened_at": AT, "state": State.CLOSED, "first": "locked", "ai": "released",
            }
        )  # fmt: skip
        at = AT + timedelta(days=number)
        results.append(
            {
                "case_id": f"c{number}", "question": QUESTION, "card": CARD, "at": at,
                "verdict": "concordant", "rule": "P1", "first": "absent", "model": "absent",
                "priority": "routine", "sex": name,
            }
        )  # fmt: skip
    rows[-1].update(last)
    database.write(lambda c: (c.execute(insert(cases), rows), c.execute(insert(result), results)))


def by_sex(key: Key, kind: Kind, site: str | None) -> str:
    del key, site
    return kind.sex or "?"


def told(database: Database, span: Span = FIRST) -> dict[str, int]:
    found = ReportStore(database).grouped(span, by_sex)
    return {name: sum(each.cases for each in rows) for name, rows in found[QUESTION, CARD].alike.items()}


def test_lots_grow_until_each_group_in_them_has_ten(database: Database) -> None:
    put(database, ["female", "male"] * 19)
    assert told(database) == {"female": 10, "male": 10, lots.REST: 10}


def test_who_is_rare_is_counted_in_no_group_once_a_lot_is_large_enough(database: Database) -> None:
    put(database, ["other"] * 3 + ["female", "male"] * 48 + ["female"])
    assert told(database) == {lots.REST: 49 + 3, "male": 48}


def test_one_that_is_open_again_takes_all_of_its_lot_of_groups_away(database: Database) -> None:
    put(database, ["female", "male"] * 20)
    assert told(database) == {"female": 20, "male": 20}
    open_again = {
        "id": "again", "question": QUESTION, "task_id": "again", "report": "r", "patient": "Patient/p3",
        "task_system": "urn:s", "task_value": "again", "opened_at": AT, "state": State.READY,
        "first": "locked", "ai": "sealed",
    }  # fmt: skip
    database.write(lambda c: c.execute(insert(cases).values(**open_again)))
    assert told(database) == {"female": 10, "male": 10, lots.REST: 10}


def test_no_two_periods_differ_by_fewer_than_ten_of_a_group(database: Database) -> None:
    dice = random.Random(11)
    put(database, [dice.choice(["female", "female", "male", "other"]) for _ in range(200)])
    ends = [told(database, Span(AT, AT + timedelta(days=each))) for each in range(0, 201, 5)]
    for before, after in pairwise(ends):
        grown = Counter(after)
        grown.subtract(before)
        assert all(each == 0 or each >= 10 for name, each in grown.items() if name != lots.REST)
    assert ends[-1]["female"] > ends[-1]["male"] >= 30
    assert sum(ends[-1].values()) == 200


def test_a_further_case_of_somebody_moves_nobody_to_another_lot() -> None:
    class Case(NamedTuple):
        case_id: str
        patient: str

    once = [Case(f"c{number}", f"p{number}") for number in range(25)]
    found, lacking = lots.filled(once)
    assert (len(found), lacking) == (2, 5)
    again = [*once, Case("c99", "p3"), Case("c100", "p24")]
    assert lots.filled(again) == (found, lacking), "or a lot would differ by one person"
