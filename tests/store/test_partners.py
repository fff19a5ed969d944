"""Partners are looked at by one worker at a time, when they are due."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.ports import LeaseLost
from server.store.database import Database
from server.store.partners import Partners
from tests.store.nouns import AT

LEASE = timedelta(minutes=1)
LATER = AT + timedelta(minutes=15)


@pytest.fixture
def partners(database: Database) -> Partners:
    made = Partners(database, LEASE)
    made.enlist(["ehr", "ris"], AT)
    return made


def test_a_new_partner_is_due_at_once_and_only_once(partners: Partners) -> None:
    partners.enlist(["ehr", "ris"], LATER)
    assert [each.due_at for each in partners.listed(["ehr", "ris"])] == [AT, AT]
    assert {partners.claim(["ehr", "ris"], AT).name for _ in range(2)} == {"ehr", "ris"}  # type: ignore[union-attr]
    assert partners.claim(["ehr", "ris"], AT) is None


def test_only_who_is_configured_is_looked_at(partners: Partners) -> None:
    assert partners.claim([], AT) is None
    assert partners.claim(["lis"], AT) is None
    assert partners.listed([]) == []


def test_a_look_ends_well(partners: Partners) -> None:
    look = partners.claim(["ehr"], AT)
    assert look is not None
    assert (look.since, look.failures) == ("", 0)
    partners.failed(look, (1, 0), "HTTP 500", AT)
    look = partners.claim(["ehr"], AT)
    assert look is not None
    assert look.failures == 1
    partners.looked(look, "2026-01-05T09:00:00Z", (2, 3), LATER, AT)
    [row] = partners.listed(["ehr"])
    assert (row.taken, row.refused, row.failures, row.last_error) == (3, 3, 0, None)
    assert (row.due_at, row.answered_at) == (LATER, AT)
    assert partners.claim(["ehr"], AT) is None
    again = partners.claim(["ehr"], LATER)
    assert again is not None
    assert again.since == "2026-01-05T09:00:00Z"


def test_a_dead_workers_look_is_taken_over_and_fenced(partners: Partners) -> None:
    first = partners.claim(["ehr"], AT)
    assert first is not None
    partners.keep(first, AT + timedelta(seconds=50))
    assert partners.claim(["ehr"], AT + timedelta(seconds=90)) is None  # kept
    second = partners.claim(["ehr"], AT + timedelta(seconds=111))
    assert second is not None
    for late in (
        lambda: partners.keep(first, AT),
        lambda: partners.looked(first, "x", (9, 9), LATER, AT),
        lambda: partners.failed(first, (9, 9), "x", LATER),
    ):
        with pytest.raises(LeaseLost):
            late()
    assert partners.listed(["ehr"])[0].taken == 0


def test_a_look_may_be_asked_for(partners: Partners) -> None:
    look = partners.claim(["ehr"], AT)
    assert look is not None
    partners.looked(look, "", (0, 0), LATER, AT)
    assert partners.look_now("ehr", AT)
    assert partners.claim(["ehr"], AT) is not None
    assert not partners.look_now("lis", AT)


def test_two_workers_claim_once(partners: Partners, database: Database) -> None:
    claimed = [each.claim(["ehr"], AT) for each in (partners, Partners(database, LEASE))]
    assert [each is None for each in claimed] == [False, True]
