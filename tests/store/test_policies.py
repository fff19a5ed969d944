"""Policies by digest: the first of a question, two that approve at once, dates, and what was called off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from server.changes import Counting, Fate, Kept, Proposal, Said
from server.errors import Category, Fault, fault
from server.store.database import Database
from server.store.policies import PolicyStore, opened_under
from tests.store.nouns import AT, later, open_case

QUESTION = "bacterial-meningitis"
ONE, TWO, THREE = (Kept(each * 64, QUESTION, f"{each}.0.0", f"text {each}") for each in "123")
YES, NO = Said(approved=True, by="Bo", at=AT), Said(approved=False, by="Bo", at=AT, reason="no")


@pytest.fixture
def store(database: Database) -> PolicyStore:
    made = PolicyStore(database)
    made.begin(ONE, AT)
    return made


def propose(store: PolicyStore, kept: Kept = TWO, was: Kept = ONE) -> Proposal:
    return store.propose(Proposal(0, kept, was.digest, "Ada", AT, "because", {"cases": 3}))


def once(proposal: Proposal, newest: Counting) -> datetime | None:
    """As the command line decides, in short."""
    if proposal.said is not None or newest.kept.digest != proposal.was:
        raise fault(Category.CONFLICT, "business-rule", "too late")
    return None


def approve(store: PolicyStore, kept: Kept = TWO, from_at: datetime | None = None) -> Counting:
    return store.approve(propose(store, kept).number, YES, lambda *_: from_at)


def under(database: Database, at: datetime = AT) -> Any:
    return database.write(lambda c: opened_under(c, QUESTION, at))


def test_the_first_of_a_question_is_begun_once(database: Database, store: PolicyStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = [each.result(60) for each in [pool.submit(store.begin, TWO, AT) for _ in range(4)]]
    assert done == [False] * 4
    assert under(database) == (ONE.digest, f"{QUESTION}@1.0.0")
    assert store.first(QUESTION) == ONE
    assert store.begin(Kept("9" * 64, "another", "1.0.0", "x"), AT)


def test_two_that_begin_at_once_begin_one(database: Database) -> None:
    store = PolicyStore(database)
    with ThreadPoolExecutor(4) as pool:
        tried = [pool.submit(store.begin, each, AT) for each in (ONE, TWO, ONE, TWO)]
        assert sorted(each.result(60) for each in tried) == [False] * 3 + [True]
    assert len(store.counting()) == 1


def test_a_proposal_changes_nothing(database: Database, store: PolicyStore) -> None:
    made = propose(store)
    assert (made.by, made.reason, made.figures, made.said) == ("Ada", "because", {"cases": 3}, None)
    assert under(database) == (ONE.digest, f"{QUESTION}@1.0.0")
    assert store.kept(TWO.digest) == TWO
    assert store.kept("x") is None


def test_of_two_that_approve_at_once_one_does(store: PolicyStore) -> None:
    made = propose(store)

    def one(by: str) -> bool:
        try:
            store.approve(made.number, Said(approved=True, by=by, at=AT), once)
        except Fault:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, ("Bo", "Cy", "Di", "Ed"))) == [False] * 3 + [True]
    assert [each.kept for each in store.counting(QUESTION)] == [TWO, ONE]
    [said] = [each.said for each in store.proposals()]
    assert said is not None
    assert said.by in {"Bo", "Cy", "Di", "Ed"}


def test_of_two_proposals_against_one_policy_the_second_is_outdated(store: PolicyStore) -> None:
    first, second = propose(store), propose(store, THREE)
    store.approve(first.number, YES, once)
    with pytest.raises(Fault):
        store.approve(second.number, YES, once)
    assert [each.kept for each in store.counting(QUESTION)] == [TWO, ONE]
    assert store.proposals()[0].said is None, "what was refused leaves nothing behind"


def test_cases_are_opened_under_what_counts_then(database: Database, store: PolicyStore) -> None:
    open_case(database, "c1")
    approve(store)
    open_case(database, "c2")
    with database.reading() as connection:
        found = connection.exec_driver_sql("SELECT policy FROM cases ORDER BY id").scalars().all()
    assert found == [ONE.digest, TWO.digest]


def test_a_date_counts_from_then_on_and_a_clock_that_is_set_back_does_not_end_it(
    database: Database, store: PolicyStore
) -> None:
    approve(store, from_at=later(hours=2))
    asked = [later(hours=1), later(hours=2), later(hours=1)]
    assert [under(database, at)[0] for at in asked] == [ONE.digest, TWO.digest, TWO.digest]
    assert store.counting(QUESTION)[0].fate is Fate.BEGUN


def test_what_is_approved_at_once_counts_whatever_the_clock_says(
    database: Database, store: PolicyStore
) -> None:
    approve(store)
    assert under(database, AT - timedelta(hours=1))[0] == TWO.digest
    assert store.in_force(AT - timedelta(hours=1))[QUESTION].kept == TWO


def test_what_waits_may_be_called_off_and_what_is_proposed_rejected(
    database: Database, store: PolicyStore
) -> None:
    approve(store, from_at=later(hours=2))
    store.reject(store.proposals()[0].number, NO, lambda *_: None)
    assert under(database, later(hours=3))[0] == ONE.digest
    assert (store.counting(QUESTION)[0].fate, store.counting(QUESTION)[0].fate_by) == (Fate.CALLED_OFF, "Bo")
    made = propose(store, THREE)
    store.reject(made.number, NO, lambda *_: None)
    assert store.proposals()[0].said == NO
    assert approve(store, TWO).kept == TWO, "the same file may be proposed anew"
    assert [each.number for each in store.counting(QUESTION)] == [3, 2, 1]


def test_a_question_without_any_policy_opens_cases_without_one(database: Database) -> None:
    assert under(database) is None
    open_case(database)
