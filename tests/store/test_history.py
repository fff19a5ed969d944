"""What has been, as the store tells it: in order, in stretches, at the cost of a stretch."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from server.errors import Category, Fault
from server.ports import Method, Past, ResourceWrite
from server.store import history, resources
from server.store.database import Database
from server.store.resources import Resources
from tests.store.nouns import AT, later, write

MOST = 1_000


def put(database: Database, *writes: ResourceWrite) -> None:
    database.write(lambda c: resources.apply(c, writes, None))


def told(database: Database, *types: str, limit: int = MOST, **more: object) -> list[tuple[str, str, int]]:
    """Everything, stretch by stretch."""
    found, after = [], None
    while True:
        past = Past(types or ("Observation", "Patient"), limit, after=after, **more)  # type: ignore[arg-type]
        stretch = Resources(database).history(past)
        assert len(stretch.found) <= limit
        found += [(each.type, each.id, each.version) for each in stretch.found]
        after = stretch.next
        if after is None:
            return found


@pytest.fixture
def grown(database: Database) -> Database:
    put(database, write("a"), write("b", type="Observation"))
    put(database, write("a", 2, updated_at=later(minutes=1), method=Method.PATCH))
    put(database, write("c", updated_at=later(minutes=2)))
    gone = write("a", 3, updated_at=later(minutes=3), method=Method.DELETE, body=b"")
    put(database, gone, write("d", type="Observation", updated_at=later(minutes=3)))
    return database


NEWEST_FIRST = [
    ("Observation", "d", 1), ("Patient", "a", 3), ("Patient", "c", 1), ("Patient", "a", 2),
    ("Observation", "b", 1), ("Patient", "a", 1),
]  # fmt: skip


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 6, 7, MOST])
def test_of_several_types(grown: Database, limit: int) -> None:
    assert told(grown, limit=limit) == NEWEST_FIRST


@pytest.mark.parametrize("limit", [1, 2, MOST])
def test_of_one_type_and_of_one_resource(grown: Database, limit: int) -> None:
    patients = [each for each in NEWEST_FIRST if each[0] == "Patient"]
    assert told(grown, "Patient", limit=limit) == patients
    assert told(grown, "Patient", limit=limit, id="a") == [("Patient", "a", n) for n in (3, 2, 1)]
    assert told(grown, "Task", limit=limit) == told(grown, "Patient", limit=limit, id="x") == []


def test_each_version_says_how_it_came(grown: Database) -> None:
    found = Resources(grown).history(Past(("Patient",), MOST, "a")).found
    assert [(each.method, each.deleted, each.body) for each in found] == [
        (Method.DELETE, True, b""),
        (Method.PATCH, False, b'{"version": 2}'),
        (Method.PUT, False, b'{"version": 1}'),
    ]
    assert [each.updated_at for each in found] == [later(minutes=3), later(minutes=1), AT]


def test_since(grown: Database) -> None:
    assert told(grown, since=later(minutes=2)) == NEWEST_FIRST[:3]
    assert told(grown, "Patient", id="a", since=later(minutes=1)) == [
        ("Patient", "a", 3),
        ("Patient", "a", 2),
    ]
    assert told(grown, since=later(minutes=4)) == []


@pytest.mark.parametrize(
    ("begin", "end", "versions"),
    [
        (AT, later(seconds=1), [1]),
        (later(seconds=-1), AT, []),
        (later(seconds=30), later(seconds=31), [1]),
        (later(seconds=30), later(minutes=1), [1]),
        (later(seconds=30), later(seconds=61), [2, 1]),
        (later(minutes=1), later(minutes=2), [2]),
        (later(minutes=9), later(minutes=10), [3]),
        (AT, later(minutes=10), [3, 2, 1]),
    ],
)
def test_what_was_current_then(grown: Database, begin: datetime, end: datetime, versions: list[int]) -> None:
    found = told(grown, "Patient", id="a", during=(begin, end))
    assert [version for _, _, version in found] == versions


def test_equal_times_are_told_once_each(database: Database) -> None:
    put(
        database, *(write(f"p{n}") for n in range(7)), *(write("o", n, type="Observation") for n in (1, 2, 3))
    )
    for limit in (1, 2, 5):
        found = told(database, limit=limit)
        assert len(found) == len(set(found)) == 10
    assert [v for t, _, v in found if t == "Observation"] == [3, 2, 1]


def test_what_comes_later_moves_nothing(grown: Database) -> None:
    first = Resources(grown).history(Past(("Observation", "Patient"), 2))
    put(grown, write("e", updated_at=later(hours=1)))
    rest = Resources(grown).history(Past(("Observation", "Patient"), MOST, after=first.next))
    assert [(e.type, e.id, e.version) for e in (*first.found, *rest.found)] == NEWEST_FIRST


@pytest.mark.parametrize(
    "after", ["", "x", "1", "1.2", "1.2.3.4", "-1.2.3", "1.2.x", "9" * 40 + ".1.1", "1.2." + "9" * 10]
)
def test_a_place_that_was_never_told(grown: Database, after: str) -> None:
    for id_ in (None, "a"):
        with pytest.raises(Fault) as caught:
            Resources(grown).history(Past(("Patient",), 1, id_, after=after))
        assert caught.value.category is Category.INCORRECT


def test_a_type_is_read_along_an_index(database: Database) -> None:
    """However much there is of it, a stretch costs a stretch."""
    if database.engine.dialect.name != "sqlite":
        pytest.skip("reads the plan of SQLite; PostgreSQL plans by what its tables hold")
    put(database, *(write(f"p{n}", updated_at=AT + timedelta(seconds=n)) for n in range(200)))
    statements: list[str] = []
    with database.reading() as connection:
        driver = connection.connection.driver_connection
        driver.set_trace_callback(statements.append)
        history.stretch(connection, Past(("Patient",), 2))
        driver.set_trace_callback(None)
        asked = next(each for each in statements if "ORDER BY" in each)
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}").all()]
    assert "resource_version_in_time" in plan[0]
    assert not [step for step in plan if "TEMP B-TREE" in step]
