"""Queries beside what they should find, each way that a statement can be led."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from server.query import (
    ALWAYS,
    NEVER,
    AllOf,
    Amount,
    AnyOf,
    Chain,
    Composite,
    Date,
    DateRow,
    Has,
    Ids,
    Kind,
    Match,
    Missing,
    Moment,
    Not,
    Number,
    NumberRow,
    Prefix,
    Query,
    Reference,
    ReferenceRow,
    Sort,
    Test,
    Text,
    TextRow,
    Token,
    TokenRow,
    Updated,
    Uri,
)
from server.store import finding, resources
from server.store.database import Database
from server.store.resources import Resources
from tests.store.nouns import AT, later, write


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def span(first: int, last: int | None = None) -> tuple[datetime, datetime]:
    return day(first), day((last or first) + 1)


def on(prefix: str, first: int, last: int | None = None) -> Date:
    return Date("date", (Moment(Prefix(prefix), *span(first, last)),))


def amount(prefix: str, value: str, step: str = "0", **unit: str) -> Number:
    middle, half = Decimal(value), Decimal(step) / 2
    return Number("value", (Amount(Prefix(prefix), middle, middle - half, middle + half, **unit),))


def together(code: str, prefix: Prefix) -> Composite:
    value = Number("pair.1", (Amount(prefix, Decimal(5), Decimal(5), Decimal(5)),))
    return Composite(((Token("pair.0", ((None, code),)), value),))


def obs(id_: str, *rows: object) -> object:
    return write(id_, type="Observation", index=rows)


@pytest.fixture
def shelf(database: Database) -> Resources:
    writes = (
        write("anna", index=(TextRow("name", "Ánna  Müller"), TokenRow("gender", "urn:g", "female"))),
        write("bert", index=(TextRow("name", "Bert"), TokenRow("gender", "urn:g", "male"))),
        write("cleo", updated_at=later(hours=1), index=(TokenRow("gender", "urn:h", "female"),)),
        obs(
            "o1", ReferenceRow("subject", "Patient/anna"), DateRow("date", *span(3)),
            NumberRow("value", Decimal("5.4"), Decimal("5.4"), "urn:ucum", "mg"),
            TokenRow("code", "urn:c", "x"),
            TokenRow("pair.0", "urn:c", "x", 1), NumberRow("pair.1", Decimal(1), Decimal(1), part=1),
            TokenRow("pair.0", "urn:c", "y", 2), NumberRow("pair.1", Decimal(9), Decimal(9), part=2),
        ),
        obs(
            "o2", ReferenceRow("subject", "Patient/bert"), DateRow("date", *span(2, 5)),
            NumberRow("value", Decimal(10), Decimal(20)), TokenRow("code", "urn:c", "x"),
            TokenRow("profile", "", "http://a.example/fhir/X"),
        ),
        obs(
            "o3", ReferenceRow("subject", "https://elsewhere.example/Patient/anna"),
            ReferenceRow("subject", "patient/bert"),  # no type is called so
            DateRow("date", *span(7)),
            TokenRow("code", "urn:d", "x"), TokenRow("code", "urn:c", "y"),
            TokenRow("profile", "", "http://a.example/fhirpath"),
        ),
    )  # fmt: skip
    database.write(lambda c: resources.apply(c, writes, "a1"))
    return Resources(database)


PATIENTS: list[tuple[Test, str]] = [
    (ALWAYS, "anna bert cleo"),
    (NEVER, ""),
    (Token("gender", ((None, "female"),)), "anna cleo"),
    (Token("gender", (("urn:g", "female"),)), "anna"),
    (Token("gender", (("urn:g", None),)), "anna bert"),
    (Token("gender", (("urn:g", "male"), ("urn:h", "female"))), "bert cleo"),
    (Token("gender", ((None, "male"), ("urn:h", "female"))), "bert cleo"),
    (Not(Token("gender", (("urn:g", "female"),))), "bert cleo"),
    (Text("name", ("anna mu",)), "anna"),
    (Text("name", ("nna",)), ""),
    (Text("name", ("NNA",), Match.CONTAINS), "anna"),
    (Text("name", ("%",), Match.CONTAINS), ""),
    (Text("name", ("Bert",), Match.EXACT), "bert"),
    (Text("name", ("bert",), Match.EXACT), ""),
    (Text("name", ("b", "a")), "anna bert"),
    (Missing("name", Kind.TEXT, True), "cleo"),
    (Missing("name", Kind.TEXT, False), "anna bert"),
    (Ids(("bert", "nobody", "o1")), "bert"),
    (Updated((Moment(Prefix.GT, AT, AT + timedelta(seconds=1)),)), "cleo"),
    (Updated((Moment(Prefix.EQ, AT, AT + timedelta(seconds=1)),)), "anna bert"),
    (Has("Observation", "subject", (Token("code", (("urn:c", "x"),)),)), "anna bert"),
    (Has("Observation", "subject", (on("eq", 3),)), "anna"),
    (Has("Observation", "subject", (NEVER,)), ""),
    (Has("Observation", "subject", (Token("code", (("urn:d", "x"),)),)), ""),
    (AnyOf((Ids(("anna",)), Token("gender", ((None, "male"),)))), "anna bert"),
    (AllOf((Ids(("anna", "bert")), Token("gender", ((None, "male"),)))), "bert"),
]
OBSERVATIONS: list[tuple[Test, str]] = [
    (on("eq", 3), "o1"),
    (on("eq", 1, 6), "o1 o2"),
    (on("ne", 3), "o2 o3"),
    (on("gt", 3), "o2 o3"),
    (on("lt", 3), "o2"),
    (on("ge", 3), "o1 o2 o3"),
    (on("le", 3), "o1 o2"),
    (on("sa", 3), "o3"),
    (on("eb", 7), "o1 o2"),
    (on("ap", 5, 6), "o2"),
    (amount("eq", "5.4", "0.1"), "o1"),
    (amount("eq", "5", "1"), "o1"),
    (amount("eq", "15", "11"), "o2"),
    (amount("eq", "15", "9"), ""),
    (amount("gt", "5.4"), "o2"),
    (amount("ge", "5.4"), "o1 o2"),
    (amount("lt", "5.4"), ""),
    (amount("le", "10"), "o1 o2"),
    (amount("sa", "9"), "o2"),
    (amount("eb", "10"), "o1"),
    (amount("ne", "5.4", "0.1"), "o2"),
    (amount("ap", "21", "4"), "o2"),
    (amount("eq", "5.4", "0.1", system="urn:ucum", code="mg"), "o1"),
    (amount("eq", "5.4", "0.1", code="g"), ""),
    (Reference("subject", ("Patient/anna", "Patient/x")), "o1"),
    (Chain("subject", "Patient", (Text("name", ("anna",)),)), "o1"),
    (Chain("subject", "Patient", (Token("gender", ((None, "male"),)), ALWAYS)), "o2"),
    (Chain("subject", "Patient", (NEVER,)), ""),
    (Uri("profile", ("http://a.example/fhir",), Match.BELOW), "o2"),
    (Uri("profile", ("http://a.example/fhir/X/1",), Match.ABOVE), "o2"),
    (Uri("profile", ("http://a.example/fhirpath",)), "o3"),
    (together("x", Prefix.LT), "o1"),
    (together("x", Prefix.GT), ""),
    (together("y", Prefix.GT), "o1"),
]  # fmt: skip


@pytest.mark.parametrize("rare", [1_000, 1], ids=["led by the rarest", "along the index or the type"])
@pytest.mark.parametrize(
    "asked",
    [("Patient", *each) for each in PATIENTS] + [("Observation", *each) for each in OBSERVATIONS],
    ids=lambda asked: repr(asked[1])[:60],
)
def test_what_is_found(
    shelf: Resources, monkeypatch: pytest.MonkeyPatch, rare: int, asked: tuple[str, Test, str]
) -> None:
    type_, test, expected = asked
    monkeypatch.setattr(finding, "_RARE", rare)
    assert [each.id for each in shelf.find(Query(type_, (test,)), 10)] == expected.split()
    assert [each.id for each in shelf.find(Query(type_, (test, ALWAYS, Not(NEVER))), 10)] == expected.split()
    assert shelf.count(Query(type_, (test,)), 10) == len(expected.split())


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (Sort("name", Kind.TEXT), "anna bert cleo"),
        (Sort("name", Kind.TEXT, descending=True), "bert anna cleo"),
        (Sort("gender", Kind.TOKEN, descending=True), "bert cleo anna"),
        (Sort("gender", Kind.TOKEN), "anna cleo bert"),
        (Sort("_id", Kind.ID, descending=True), "cleo bert anna"),
        (Sort("_lastUpdated", Kind.UPDATED, descending=True), "cleo bert anna"),
    ],
)
def test_the_order(shelf: Resources, sort: Sort, expected: str) -> None:
    assert [each.id for each in shelf.find(Query("Patient", (), (sort,)), 10)] == expected.split()


@pytest.mark.parametrize("rare", [1_000, 1], ids=["led by the rarest", "along the index"])
@pytest.mark.parametrize(("down", "expected"), [(False, "o2 o1 o3 o4"), (True, "o3 o1 o2 o4")])
def test_the_order_of_dates(
    shelf: Resources,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    rare: int,
    *,
    down: bool,
    expected: str,
) -> None:
    """o2 covers days, o4 has no date: both come at their place all the same."""
    monkeypatch.setattr(finding, "_RARE", rare)
    database.write(lambda c: resources.apply(c, (obs("o4"),), "a2"))  # type: ignore[arg-type]
    query = Query("Observation", (), (Sort("date", Kind.DATE, descending=down),))
    assert [each.id for each in shelf.find(query, 10)] == expected.split()
    assert [each.id for each in shelf.find(query, 2)] == expected.split()[:2]


def test_two_tests_on_one_date_may_be_met_by_two_times(shelf: Resources, database: Database) -> None:
    twice = obs("o4", DateRow("date", *span(11)), DateRow("date", *span(20)))
    once = obs("o5", DateRow("date", *span(20)))
    database.write(lambda c: resources.apply(c, (twice, once), "a2"))  # type: ignore[arg-type]
    both = Query("Observation", (on("lt", 12), on("gt", 15)))
    assert [each.id for each in shelf.find(both, 10)] == ["o4"]


def test_only_the_newest_version_is_found(shelf: Resources, database: Database) -> None:
    newer = write("anna", 2, index=(TokenRow("gender", "urn:g", "other"),))
    database.write(lambda c: resources.apply(c, (newer,), "a2"))
    assert shelf.find(Query("Patient", (Text("name", ("anna",)),)), 10) == []
    [found] = shelf.find(Query("Patient", (Token("gender", ((None, "other"),)),)), 10)
    assert (found.id, found.version) == ("anna", 2)


def test_values_that_are_too_long_for_a_key_are_told_apart(shelf: Resources, database: Database) -> None:
    long = "x" * 600
    rows = (TokenRow("identifier", "urn:i", f"{long}1"), TextRow("name", f"{long}1"))
    database.write(lambda c: resources.apply(c, (write("dora", index=rows),), "a2"))
    for code, expected in ((f"{long}1", ["dora"]), (f"{long}2", [])):
        found = shelf.find(Query("Patient", (Token("identifier", ((None, code),)),)), 10)
        assert [each.id for each in found] == expected
        exact = shelf.find(Query("Patient", (Text("name", (code,), Match.EXACT),)), 10)
        assert [each.id for each in exact] == expected


def test_values_that_become_alike_are_kept_once(shelf: Resources, database: Database) -> None:
    rows = [NumberRow("value", Decimal(each), Decimal(each)) for each in ("0.1", "0.10000000000000000001")]
    database.write(lambda c: resources.apply(c, (obs("o4", *rows),), "a2"))  # type: ignore[arg-type]
    assert [each.id for each in shelf.find(Query("Observation", (amount("le", "1"),)), 10)] == ["o4"]
