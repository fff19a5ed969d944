"""Results that stand still while their pages are read and data change."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.query import Kind, Page, Query, Sort, Token, TokenRow
from server.store import pages, resources, scratch
from server.store.database import Database
from server.store.resources import Resources
from tests.store.nouns import write

ALL = Query("Patient", (Token("a", ((None, "1"),)),))
DOWN = Query("Patient", ALL.where, (Sort("_id", Kind.ID, descending=True),))
ROWS = (TokenRow("a", "urn:s", "1"),)


@pytest.fixture
def shelf(database: Database) -> Resources:
    put(database, *range(10))
    return Resources(database)


def put(database: Database, *numbers: int) -> None:
    writes = [write(f"p{number:02}", index=ROWS) for number in numbers]
    database.write(lambda c: resources.apply(c, writes, "a1"))


def first(shelf: Resources, query: Query, size: int = 3) -> Page:
    page = shelf.page(query, size)
    assert page is not None
    return page


def onward(shelf: Resources, query: Query, page: Page, size: int = 3) -> list[str]:
    """The ids of all pages after this one."""
    ids: list[str] = []
    while page.next is not None:
        following = shelf.page(query, size, page.next)
        assert following is not None
        page = following
        ids += [id_ for _, id_, _ in page.entries]
    return ids


@pytest.mark.parametrize("kept", [5_000, 4], ids=["kept at once", "looked for anew"])
@pytest.mark.parametrize("query", [ALL, DOWN], ids=["as they came", "sorted"])
def test_pages_stand_still(
    shelf: Resources, database: Database, monkeypatch: pytest.MonkeyPatch, query: Query, kept: int
) -> None:
    monkeypatch.setattr(pages, "_KEPT", kept)
    before = [each.id for each in shelf.find(query, 100)]
    page = first(shelf, query)
    put(database, 10, 11)
    database.write(lambda c: resources.apply(c, [write("p01", 2, index=ROWS)], "a2"))
    assert [id_ for _, id_, _ in page.entries] + onward(shelf, query, page) == before


def test_what_is_kept_is_as_it_was(shelf: Resources, database: Database) -> None:
    page = first(shelf, ALL)
    database.write(lambda c: resources.apply(c, [write("p04", 2)], "a2"))  # it matches no longer
    following = shelf.page(ALL, 3, page.next)
    assert following is not None
    assert following.entries[1] == ("Patient", "p04", 1)
    assert [each.body for each in shelf.fetch(following.entries)][1] == b'{"version": 1}'


def test_the_total(shelf: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (first(shelf, ALL).total, first(shelf, ALL, 20).total) == (10, 10)
    assert first(shelf, ALL, 20).next is None
    monkeypatch.setattr(pages, "_KEPT", 4)
    assert first(shelf, ALL).total is None


def test_a_sorted_result_that_is_too_long_says_that_it_is_cut(
    shelf: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_SORTED", 4)
    page = first(shelf, DOWN)
    assert not page.cut
    last = shelf.page(DOWN, 3, page.next)
    assert last is not None
    assert ([id_ for _, id_, _ in last.entries], last.next, last.cut) == (["p06"], None, True)


@pytest.mark.parametrize(
    "token", ["", "x", "after.1", "after.1.2.3", "9" * 36 + ".3", "00000000-0000-0000-0000-000000000000.3"]
)
def test_a_token_that_leads_nowhere(shelf: Resources, token: str) -> None:
    assert shelf.page(ALL, 3, token) is None


def test_what_is_kept_belongs_to_its_query(shelf: Resources) -> None:
    """Another caller's query has other tests: what they may see."""
    page = first(shelf, ALL)
    assert shelf.page(DOWN, 3, page.next) is None


def test_what_is_kept_goes_after_its_time(shelf: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "_KEPT", -timedelta(seconds=1))
    page = first(shelf, ALL)
    assert shelf.page(ALL, 3, page.next) is None
