"""Offers as rows: what is counted of them is what the case files say, also those of before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from server.model import Offer, OfferEnd, Referral, Track, Urgency
from server.ports import Fact
from server.store import offers
from server.store.database import Database
from server.store.facts import lay_down
from server.store.migrate import migrate
from tests.store.nouns import AT as START
from tests.store.nouns import open_case
from tests.store.test_migrate import _back_to

CASES = count()


def a_case(database: Database) -> str:
    case = f"case-{next(CASES)}"
    open_case(database, case)
    return case


def made(
    number: int, role: str, ended: OfferEnd | None = None, after: float = 0, *, accepted: bool = True
) -> Offer:
    at = START if accepted else None
    over = None if ended is None else START + timedelta(hours=after)
    return Offer(number, f"PractitionerRole/{role}", START, START, f"t{number}", at, at, ended, over)


def keep(database: Database, case_id: str, *put: Offer, question: str = "q") -> None:
    referral = Referral("missed", Urgency.URGENT, "sr", START, (), put)
    facts = [Fact("referral", 1, replace(referral, offers=put[:1])), Fact("referral", 2, referral)]
    database.write(lambda c: offers.keep(c, case_id, question, facts))


def tracks(database: Database, question: str = "q", days: float = 30) -> dict[str, Track]:
    found = database.read(lambda c: offers.tracks(c, question, START + timedelta(days=days)))
    return {role.partition("/")[2]: track for role, track in found.items()}


@pytest.mark.parametrize(
    ("put", "track"),
    [
        ([made(1, "a", accepted=False)], Track(open=1)),
        ([made(1, "a")], Track(open=1)),
        ([made(1, "a", OfferEnd.READ, 2)], Track(answered=1, waited=timedelta(hours=2))),
        ([made(1, "a", OfferEnd.UNANSWERED, 3)], Track(waited=timedelta(hours=3))),
        ([made(1, "a", OfferEnd.EXPIRED, 3, accepted=False)], None),
        ([made(1, "a", OfferEnd.DECLINED, 3, accepted=False)], None),
        (
            [made(1, "a", OfferEnd.UNANSWERED, 3), made(2, "a", OfferEnd.READ, 1), made(3, "a")],
            Track(1, 1, timedelta(hours=4)),
        ),
    ],
)
def test_a_track(database: Database, put: list[Offer], track: Track | None) -> None:
    keep(database, a_case(database), *put)
    assert tracks(database) == ({} if track is None else {"a": track})


def test_an_offer_is_counted_once_however_often_it_is_laid_down(database: Database) -> None:
    case = a_case(database)
    keep(database, case, made(1, "a"))
    keep(database, case, made(1, "a", OfferEnd.READ, 2))
    keep(database, case, made(1, "a", OfferEnd.READ, 2))
    assert tracks(database) == {"a": Track(answered=1, waited=timedelta(hours=2))}


def test_open_offers_are_of_all_questions_and_reads_of_one_and_of_one_year(database: Database) -> None:
    keep(database, a_case(database), made(1, "a", OfferEnd.READ, 2), made(2, "b"))
    assert tracks(database, "another") == {"b": Track(open=1)}
    assert tracks(database, days=366) == {"b": Track(open=1)}


def test_offers_of_before_are_counted_after_the_migration(database: Database) -> None:
    case = a_case(database)
    first = Referral("missed", Urgency.URGENT, "sr", START, (), (made(1, "gone"),))
    later = replace(first, offers=(made(1, "a", OfferEnd.READ, 2), made(2, "b")))
    laid = [Fact("referral", 1, first), Fact("referral", 2, later)]
    database.write(lambda c: lay_down(c, case, laid, START))
    _back_to(database, "0014")
    migrate(database)
    waited = timedelta(hours=2)
    assert tracks(database, "bacterial-meningitis") == {
        "a": Track(answered=1, waited=waited),
        "b": Track(open=1),
    }
