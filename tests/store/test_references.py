"""What refers to what: counted, forgotten with a version, and guarding what is deleted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.errors import Category, Fault
from server.ports import Around, Intake, Method, Raced, ResourceWrite
from server.store import resources
from server.store.database import Database
from server.store.resources import Resources
from tests.store.nouns import AT, arrival, desk, later, open_case, write


def put(database: Database, *writes: ResourceWrite) -> None:
    database.write(lambda c: resources.apply(c, writes, None))


def measured(id_: str, *targets: str, version: int = 1, **more: object) -> ResourceWrite:
    return write(id_, version, type="Observation", references=targets, **more)


def gone(id_: str, version: int = 2, **more: object) -> ResourceWrite:
    return write(id_, version, method=Method.DELETE, body=b"", **more)


def referrers(database: Database, id_: str = "p1") -> dict[str, int]:
    return dict(Resources(database).referrers("Patient", id_))


def test_they_are_counted_by_type(database: Database) -> None:
    put(database, write("p1"), write("p2"), measured("o1", "Patient/p1"), measured("o2", "Patient/p1"))
    put(database, write("t", type="Task", references=("Patient/p1", "Observation/o1")))
    assert referrers(database) == {"Observation": 2, "Task": 1}
    assert referrers(database, "p2") == referrers(database, "p3") == {}


def test_only_the_newest_version_counts(database: Database) -> None:
    put(database, write("p1"), write("p2"), measured("o1", "Patient/p1"))
    put(database, measured("o1", "Patient/p2", version=2))
    assert (referrers(database), referrers(database, "p2")) == ({}, {"Observation": 1})
    put(database, measured("o1", version=3, method=Method.DELETE, body=b""))
    assert referrers(database, "p2") == {}


def test_whoever_refers_to_itself_is_not_counted(database: Database) -> None:
    put(database, write("p1", references=("Patient/p1",)))
    assert referrers(database) == {}


def test_those_of_one_commit_may_refer_to_one_another(database: Database) -> None:
    put(database, measured("o1", "Patient/p1"), write("p1", references=("Observation/o1",)))
    assert referrers(database) == {"Observation": 1}


def test_nothing_refers_to_what_has_been_deleted_meanwhile(database: Database) -> None:
    put(database, write("p1"))
    put(database, gone("p1"))
    with pytest.raises(Raced):
        put(database, measured("o1", "Patient/p1"))
    assert Resources(database).read("Observation", "o1") is None
    put(database, write("p1", 3))
    put(database, measured("o1", "Patient/p1"))


# -- in one intake -----------------------------------------------------------------------------


def take(database: Database, *writes: ResourceWrite, **more: object) -> None:
    desk(database).take(Intake(replace(arrival("del"), **more), writes))  # type: ignore[arg-type]


def test_what_is_needed_is_not_deleted(database: Database) -> None:
    put(database, write("p1"), measured("o1", "Patient/p1"))
    with pytest.raises(Raced):
        take(database, gone("p1"))
    assert Resources(database).read("Patient", "p1") is not None
    take(database, gone("p1"), measured("o1", version=2, method=Method.DELETE, body=b""))
    assert Resources(database).read("Patient", "p1") is None


def test_what_lets_go_in_the_same_intake_holds_nothing_back(database: Database) -> None:
    put(database, write("p1"), write("p2"), measured("o1", "Patient/p1"))
    take(database, measured("o1", "Patient/p2", version=2), gone("p1"))
    assert Resources(database).newest("Patient", "p1").deleted  # type: ignore[union-attr]


def test_what_is_deleted_and_needed_in_one_intake_is_not(database: Database) -> None:
    put(database, write("p1"))
    with pytest.raises(Raced):
        take(database, gone("p1"), measured("o1", "Patient/p1"))


@pytest.mark.parametrize(
    ("type_", "id_", "patient"),
    [
        ("Patient", "p1", "Patient/p1"),
        ("Task", "task-c1", "Patient/p1"),
        ("DiagnosticReport", "of-c1", "Patient/p1"),
        ("Observation", "o1", "Patient/p1"),
    ],
)
def test_what_an_open_case_rests_on_is_not_deleted(
    database: Database, type_: str, id_: str, patient: str
) -> None:
    put(database, write(id_, type=type_))
    open_case(database)
    with pytest.raises(Raced):
        take(database, gone(id_, type=type_, patient=patient))
    shelf = Resources(database)
    assert shelf.resting_on(type_, id_, patient) == "task-c1"
    database.write(lambda c: c.exec_driver_sql("UPDATE cases SET state = 'withdrawn'"))
    assert shelf.resting_on(type_, id_, patient) is None
    take(database, gone(id_, type=type_, patient=patient))


@pytest.mark.parametrize(
    ("type_", "id_", "patient"),
    [
        ("Patient", "p2", "Patient/p2"),
        ("Task", "other", "Patient/p1"),
        ("DiagnosticReport", "other", "Patient/p1"),
        ("Observation", "o1", "Patient/p2"),
        ("Observation", "o1", None),
        ("Organization", "p1", None),
    ],
)
def test_what_no_case_rests_on(database: Database, type_: str, id_: str, patient: str | None) -> None:
    open_case(database)
    assert Resources(database).resting_on(type_, id_, patient) is None


# -- around ------------------------------------------------------------------------------------


def around(database: Database, *types: str, limit: int = 100, **more: object) -> list[str]:
    """Type/id of everything, stretch by stretch."""
    found, after = list[str](), None
    every = types or ("Patient", "Observation", "Role", "Person", "Place")
    while True:
        wanted = Around("Patient", "p1", every, ("Role", "Person", "Place"), limit, after=after, **more)  # type: ignore[arg-type]
        stretch = Resources(database).around(wanted)
        found += [f"{each.type}/{each.id}" for each in stretch.found]
        after = stretch.next
        if after is None:
            return found


@pytest.fixture
def neighbours(database: Database) -> Database:
    put(database, write("place", type="Place"), write("person", type="Person"), write("far", type="Place"))
    put(database, write("role", type="Role", references=("Person/person", "Place/place")))
    put(database, write("other", type="Role", references=("Person/person",)))
    put(database, write("p1"), write("p2"))
    put(database, measured("o1", "Patient/p1", "Role/role"), measured("o2", "Patient/p2", "Role/other"))
    put(database, measured("o3", "Patient/p1", "Patient/p2", "Observation/o2", updated_at=later(hours=1)))
    return database


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_what_refers_to_it_and_what_those_name_beside_it(neighbours: Database, limit: int) -> None:
    assert around(neighbours, limit=limit) == [
        "Place/place", "Person/person", "Role/role", "Patient/p1", "Observation/o1", "Observation/o3",
    ]  # fmt: skip


def test_some_types_and_some_time(neighbours: Database) -> None:
    assert around(neighbours, "Observation", "Place") == ["Place/place", "Observation/o1", "Observation/o3"]
    assert around(neighbours, since=later(hours=1)) == ["Observation/o3"]
    assert around(neighbours, since=AT, limit=2)[-1] == "Observation/o3"


def test_what_is_deleted_is_not_around(neighbours: Database) -> None:
    put(neighbours, measured("o1", version=2, method=Method.DELETE, body=b""))
    assert around(neighbours) == ["Patient/p1", "Observation/o3"]


@pytest.mark.parametrize("after", ["", "x", "-1", "9" * 40])
def test_a_place_that_was_never_told(neighbours: Database, after: str) -> None:
    with pytest.raises(Fault) as caught:
        Resources(neighbours).around(Around("Patient", "p1", ("Patient",), (), 1, after=after))
    assert caught.value.category is Category.INCORRECT
