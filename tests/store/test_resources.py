"""Resources: versions one after another, search over the newest, nothing written on a stale premise."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from server.ports import Absent, Intake, Method, Past, Raced, ResourceWrite, Shelf
from server.query import Ids, Query, Test, Token, TokenRow
from server.store import plain, resources
from server.store.database import Database
from server.store.prepared import Prepared
from server.store.resources import Resources
from tests.store.nouns import arrival, desk, later, token, write


def put(database: Database, *writes: ResourceWrite) -> None:
    database.write(lambda c: resources.apply(c, writes, "a1"))


def past(shelf: Shelf, id_: str = "p1") -> list[int]:
    return [each.version for each in shelf.history(Past(("Patient",), 100, id_)).found]


def found(database: Database, *tests: Test, limit: int = 100) -> list[str]:
    return [each.id for each in Resources(database).find(Query("Patient", tests), limit)]


def test_versions_are_kept_and_the_newest_is_served(database: Database) -> None:
    put(database, write("p1"))
    put(database, write("p1", 2, updated_at=later(hours=1)))
    shelf = Resources(database)
    newest = shelf.read("Patient", "p1")
    assert newest is not None
    assert (newest.version, newest.updated_at, newest.body) == (2, later(hours=1), b'{"version": 2}')
    first = shelf.read("Patient", "p1", 1)
    assert first is not None
    assert first.body == b'{"version": 1}'
    assert past(shelf) == [2, 1]


@pytest.mark.parametrize(
    ("type_", "id_", "version"),
    [("Patient", "p2", None), ("Observation", "p1", None), ("Patient", "p1", 2), ("Patient", "p1", 0)],
)
def test_what_is_not_there_is_none(database: Database, type_: str, id_: str, version: int | None) -> None:
    put(database, write("p1"))
    assert Resources(database).read(type_, id_, version) is None


def test_no_history_of_what_was_never_there(database: Database) -> None:
    assert past(Resources(database)) == []


@pytest.mark.parametrize("version", [1, 2, 4], ids=["made twice", "written twice", "one left out"])
def test_a_write_on_a_stale_premise_is_refused_whole(database: Database, version: int) -> None:
    put(database, write("p1"))
    put(database, write("p1", 2))
    with pytest.raises(Raced):
        put(database, write("other"), write("p1", version))
    shelf = Resources(database)
    assert shelf.read("Patient", "other") is None
    assert past(shelf) == [2, 1]


def test_a_second_version_needs_a_first(database: Database) -> None:
    with pytest.raises(Raced):
        put(database, write("p1", 2))


def test_several_versions_may_be_written_at_once(database: Database) -> None:
    put(
        database,
        write("p1", 1, index=(token("a", "old"),)),
        write("p1", 2, index=(token("a", "middle"),)),
        write("p1", 3, index=(token("a", "new"),)),
    )
    assert past(Resources(database)) == [3, 2, 1]
    for value, expected in (("old", []), ("middle", []), ("new", ["p1"])):
        assert found(database, Token("a", ((None, value),))) == expected


def test_a_new_version_is_found_by_its_new_values_only(database: Database) -> None:
    put(database, write("p1", index=(token("a", "old"), token("b", "kept"))))
    put(database, write("p2", index=(token("a", "old"),)))
    put(database, write("p1", 2, index=(token("a", "new"), token("b", "kept"))))
    assert found(database, Token("a", ((None, "old"),))) == ["p2"]
    assert found(database, Token("a", ((None, "new"),))) == ["p1"]
    assert found(database, Token("b", ((None, "kept"),))) == ["p1"]


def test_the_same_value_given_twice_is_indexed_once(database: Database) -> None:
    put(database, write("p1", index=(token("a", "1"), token("a", "1"))))
    assert found(database, Token("a", ((None, "1"),))) == ["p1"]


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ([], ["p1", "p2", "p3"]),
        ([Token("a", ((None, "1"),))], ["p1", "p2"]),
        ([Token("a", (("urn:s", "1"),))], ["p1"]),
        ([Token("a", (("urn:t", "1"),))], ["p2"]),
        ([Token("a", (("", "1"),))], []),
        ([Token("plain", (("", "x"),))], ["p3"]),
        ([Token("a", ((None, "1"), (None, "3")))], ["p1", "p2", "p3"]),
        ([Token("a", ((None, "1"),)), Token("b", ((None, "2"),))], ["p2"]),
        ([Token("a", ((None, "1"),)), Token("b", ((None, "9"),))], []),
        ([Ids(("p3", "p1"))], ["p1", "p3"]),
        ([Ids(("p1",)), Token("b", ((None, "2"),))], []),
        ([Token("c", ((None, "1"),))], []),
    ],
    ids=[
        "nothing asked", "any system", "one system", "another system", "no system", "value without system",
        "one or the other", "this and that", "this and what is not", "ids", "id and value",
        "another parameter",
    ],
)  # fmt: skip
def test_search(database: Database, tests: list[Test], expected: list[str]) -> None:
    put(
        database,
        write("p1", index=(token("a", "1"),)),
        write("p2", index=(token("a", "1", "urn:t"), token("b", "2"))),
        write("p3", index=(token("a", "3"), TokenRow("plain", "", "x"))),
        write("p1", type="Observation", index=(token("a", "1"),)),
    )
    assert found(database, *tests) == expected


@pytest.mark.parametrize("tests", [1, 2])
def test_a_search_reads_what_it_finds_and_not_all_of_a_type(
    database: Database, monkeypatch: pytest.MonkeyPatch, tests: int
) -> None:
    """Creating a Task looks for its identifier: it must not take longer with every Task that is there."""
    if database.engine.dialect.name != "sqlite":
        pytest.skip("reads the plan of SQLite; PostgreSQL plans by what its tables hold")
    asked = [Token(str(number), (("urn:s", "1"),)) for number in range(tests)]
    plans: list[str] = []
    run = Prepared.run

    def explained(self: Prepared, connection: Connection, **values: Any) -> Any:
        sql, bind = self.compiled(connection.dialect)
        told = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {sql}", bind(values))
        plans.extend(row[3] for row in told)
        return run(self, connection, **values)

    monkeypatch.setattr(Prepared, "run", explained)
    found(database, *asked)
    database.read(lambda c: resources.demand_absent(c, Absent(Query("Patient", tuple(asked)))))
    by_type = [each for each in plans if "SEARCH resource " in each and "(type=?)" in each]
    assert plans
    assert by_type == []


def test_search_gives_the_oldest_first_and_no_more_than_asked(database: Database) -> None:
    for id_ in ("z", "m", "a"):
        put(database, write(id_))
    put(database, write("z", 2))
    assert found(database) == ["z", "m", "a"]
    assert found(database, limit=2) == ["z", "m"]


@pytest.mark.parametrize(
    ("type_", "value", "raced"),
    [("Patient", "taken", True), ("Patient", "free", False), ("Observation", "taken", False)],
)
def test_a_conditional_create_needs_absence(database: Database, type_: str, value: str, raced: bool) -> None:
    put(database, write("p1", index=(token("identifier", "taken"),)))
    absent = Absent(Query(type_, (Token("identifier", (("urn:s", value),)),)))
    if not raced:
        database.read(lambda c: resources.demand_absent(c, absent))
        return
    with pytest.raises(Raced):
        database.read(lambda c: resources.demand_absent(c, absent))


def test_what_is_deleted_is_there_and_is_not_found(database: Database) -> None:
    put(database, write("p1", index=(token("a", "1"),)), write("p2"))
    put(database, write("p1", 2, method=Method.DELETE, body=b""))
    shelf = Resources(database)
    assert shelf.read("Patient", "p1") is None
    newest = shelf.newest("Patient", "p1")
    assert newest is not None
    assert (newest.version, newest.deleted, newest.body) == (2, True, b"")
    assert newest == shelf.read("Patient", "p1", 2)
    first = shelf.read("Patient", "p1", 1)
    assert first is not None
    assert not first.deleted
    assert found(database) == ["p2"]
    assert found(database, Token("a", ((None, "1"),))) == []
    assert found(database, Ids(("p1",))) == []
    assert shelf.find(Query("Patient"), 10) == [shelf.newest("Patient", "p2")]


def test_what_was_deleted_comes_back(database: Database) -> None:
    put(database, write("p1"))
    put(database, write("p1", 2, method=Method.DELETE, body=b""))
    with pytest.raises(Raced):
        put(database, write("p1"))
    put(database, write("p1", 3, index=(token("a", "1"),)))
    assert found(database, Token("a", ((None, "1"),))) == ["p1"]
    assert past(Resources(database)) == [3, 2, 1]


def test_what_the_same_request_deletes_does_not_stand_in_the_way(database: Database) -> None:
    put(database, write("p1", index=(token("identifier", "1"),)))
    absent = Absent(Query("Patient", (Token("identifier", (("urn:s", "1"),)),)))
    made = write("p2", index=(token("identifier", "1"),))
    gone = write("p1", 2, method=Method.DELETE, body=b"")
    with pytest.raises(Raced):
        desk(database).take(Intake(arrival("a1"), (made,), (absent,)))
    desk(database).take(Intake(arrival("a1"), (made, gone), (absent,)))
    assert found(database, Token("identifier", ((None, "1"),))) == ["p2"]


def test_a_snapshot_stands_still(database: Database) -> None:
    put(database, write("p1", index=(token("a", "1"),)))
    with Resources(database).snapshot() as shelf:
        assert shelf.read("Patient", "p2") is None
        put(database, write("p2", index=(token("a", "1"),)), write("p1", 2))
        assert shelf.read("Patient", "p2") is None
        assert past(shelf) == [1]
        with shelf.snapshot() as inner:
            assert [each.id for each in inner.find(Query("Patient", (Token("a", ((None, "1"),)),)), 10)] == [
                "p1"
            ]
    assert found(database, Token("a", ((None, "1"),))) == ["p2"]


@pytest.mark.parametrize(("limit", "planned"), [(1, False), (2, False), (3, True)])
def test_the_limit_of_who_writes_is_in_the_statement(database: Database, limit: int, planned: bool) -> None:
    """Where it is bound, SQLite plans the statement anew with each value."""
    query = plain.statement(((False, (True,)),), limit if limit <= plain.FEW else None)
    sql, _ = database.read(lambda c: query.compiled(c.dialect))
    assert ("LIMIT ?" in sql or "LIMIT %s" in sql) is planned
    put(database, *(write(str(number), index=(token("a", "1"),)) for number in range(4)))
    assert len(found(database, Token("a", ((None, "1"),)), limit=limit)) == limit


AWKWARD = [
    "a", "A", "\u00e4", "a\u0308", "a\0b", "ab", "%", "_", "\\", "'; --", " ", "|", "x" * 512, "x" * 513,
    "\u00e9" * 256, "\u00e9" * 257, "\U0001f600" * 600, "\U0001f600" * 601,
]  # fmt: skip
"""Alike but for case, accents or length; longer than an index takes; what SQL could take for its own."""


def test_any_text_is_found_by_all_of_it_and_by_nothing_else(database: Database) -> None:
    for number, words in enumerate(AWKWARD):
        put(database, write(f"p{number}", index=(token("a", words, words),)))
    for number, words in enumerate(AWKWARD):
        assert found(database, Token("a", ((None, words),))) == [f"p{number}"]
        assert found(database, Token("a", ((words, words),))) == [f"p{number}"]
    assert found(database, Token("a", (("a", "A"),))) == []


@pytest.mark.parametrize("id_", ["a\0b", "x" * 100_000, "\U0001f600", "", "' OR 1=1 --"])
def test_an_id_that_cannot_be_is_not_there(database: Database, id_: str) -> None:
    put(database, write("ab"))
    shelf = Resources(database)
    assert shelf.read("Patient", id_) is None
    assert shelf.read("Patient", id_, 1) is None
    assert past(shelf, id_) == []
    assert found(database, Ids((id_,))) == []


def test_many_conditions_are_looked_up_one_by_one(database: Database) -> None:
    """PostgreSQL would try out in which order to join them; with fifty for longer than anybody waits."""
    put(database, *(write(f"p{n}", index=(token("a", "x"), token("b", str(n)))) for n in range(50)))
    many = (Token("b", ((None, "7"),)), *[Token("a", ((None, "x"),))] * 99)
    assert found(database, *many) == ["p7"]
    few = Query("Patient", many[:5])
    statement = plain.statement(plain.shape(few) or (), 2)._statement
    values = {"t": "Patient", **plain._bound(few)}

    def joins(connection: Connection) -> int:
        words = statement.params(values).compile(connection, compile_kwargs={"literal_binds": True})
        plan = connection.exec_driver_sql(f"EXPLAIN {words}").all()
        return sum("Semi Join" in str(line) or "Unique" in str(line) for line in plan)

    if database.engine.dialect.name != "sqlite":
        assert database.read(joins) <= 1
