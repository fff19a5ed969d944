"""The schema: made by migrations, exactly what the tables say, and demanded before anything runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, TypeDecorator, column, inspect, select, table, text

from server.errors import Category, Fault
from server.ports import Method, Past
from server.store.database import Database
from server.store.image_tables import image
from server.store.migrate import _config, current, demand_current, migrate, needed
from server.store.partner_table import partner
from server.store.policy_tables import policy_text
from server.store.resources import Resources
from server.store.scratch import metadata as scratch
from server.store.subscription_tables import metadata
from tests.postgres import Cluster

VERSIONS = Path(__file__).parents[2] / "server" / "store" / "migrations" / "versions"


@pytest.fixture
def empty(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Iterator[Database]:
    """A database without tables."""
    place: Path | str = tmp_path / "empty.db"
    if database_url:
        cluster: Cluster = request.getfixturevalue("postgres")
        place = cluster.make_without_tables("empty")
    opened = Database(place)
    yield opened
    opened.close()


@pytest.fixture
def database(empty: Database) -> Database:
    """A database of its own, so that its schema may be changed."""
    migrate(empty)
    return empty


def test_an_empty_database_is_brought_to_the_needed_schema(empty: Database) -> None:
    assert current(empty) is None
    assert migrate(empty) == (None, needed())
    assert current(empty) == needed()
    demand_current(empty)


def test_migrating_again_changes_nothing(database: Database) -> None:
    before = reflected(database)
    assert migrate(database) == (needed(), needed())
    assert reflected(database) == before


def reflected(database: Database) -> dict[str, Any]:
    """Everything that the database says of its tables, as text."""

    def look(connection: Connection) -> dict[str, Any]:
        found = inspect(connection)
        parts = (found.get_columns, found.get_indexes, found.get_foreign_keys, found.get_unique_constraints)
        return {name: [repr(part(name)) for part in parts] for name in found.get_table_names()}

    return database.read(look)


def test_two_that_migrate_at_once_do_it_once(empty: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = [each.result(60) for each in [pool.submit(migrate, empty) for _ in range(4)]]
    assert {after for _, after in done} == {needed()}
    assert current(empty) == needed()
    assert differences(empty) == []


def _type_differs(_context: object, _found: object, _told: object, found: Any, told: Any) -> bool | None:
    """A moment is stored as a big integer, foreign words as text: the two are the same column."""
    same = isinstance(told, TypeDecorator) and isinstance(found, type(told.impl_instance))
    return False if same else None


def _is_kept(name: str | None, kind: str, _parents: object) -> bool:
    """What may be lost is made anew at each migration."""
    return kind != "table" or name not in scratch.tables


def differences(
    database: Database, type_differs: Callable[..., bool | None] | bool = _type_differs
) -> list[Any]:
    def compare(connection: Any) -> list[Any]:
        asked = {"compare_type": type_differs, "include_name": _is_kept}
        context = MigrationContext.configure(connection, opts=asked)
        return compare_metadata(context, metadata)

    return database.read(compare)


def test_the_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    assert differences(database) == []


@pytest.mark.parametrize(
    "change",
    [
        "DROP INDEX cases_due",
        "ALTER TABLE cases DROP COLUMN last_error",
        "ALTER TABLE cases ADD COLUMN extra TEXT",
        "DROP TABLE attempt",
        "CREATE TABLE other (id TEXT)",
        "CREATE INDEX other ON cases (task_value)",
    ],
)
def test_a_difference_between_tables_and_migrations_would_be_seen(database: Database, change: str) -> None:
    database.write(lambda c: c.exec_driver_sql(change))
    assert len(differences(database)) == 1


def test_text_is_ordered_by_its_bytes(database: Database) -> None:
    """Alembic compares no orders; a new column that is not a ``word`` is found here."""
    if database.engine.dialect.name == "sqlite":
        return  # its order is that of bytes
    orders = database.read(
        lambda c: c.execute(
            text(
                "SELECT DISTINCT i.indrelid::regclass::text, a.attname FROM pg_index i "
                "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) "
                "JOIN pg_collation o ON o.oid = a.attcollation "
                "WHERE i.indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) "
                "AND o.collname <> 'C'"
            )
        ).all()
    )
    assert [tuple(each) for each in orders] == [("alembic_version", "version_num")]


def test_keys_are_as_the_code_says_too(database: Database) -> None:
    """Alembic compares no primary keys."""
    assert {partner.name, image.name, policy_text.name} <= metadata.tables.keys()
    found = database.read(
        lambda c: {t: inspect(c).get_pk_constraint(t)["constrained_columns"] for t in metadata.tables}
    )
    assert found == {name: [c.name for c in table.primary_key] for name, table in metadata.tables.items()}


@pytest.mark.parametrize(
    ("revision", "told"), [(None, "none"), ("0000", "0000"), ("9999", "9999")], ids=["empty", "old", "newer"]
)
def test_another_schema_is_refused_with_the_way_out(empty: Database, revision: str | None, told: str) -> None:
    if revision is not None:
        migrate(empty)
        empty.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = :n"), {"n": revision}))
    with pytest.raises(
        Fault, match=f"at revision {told}, this version needs {needed()}; run: .* migrate"
    ) as no:
        demand_current(empty)
    assert no.value.category is Category.UNAVAILABLE


def test_a_schema_of_a_version_to_come_is_not_touched(database: Database) -> None:
    database.write(lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Fault, match="at revision 9999, which this version does not know") as refused:
        migrate(database)
    assert refused.value.category is Category.UNAVAILABLE
    assert current(database) == "9999"


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = op.create_table

    def breaks(name: str, *rest: Any, **more: Any) -> Any:
        if name == "fact":
            raise LookupError
        return make(name, *rest, **more)

    monkeypatch.setattr(op, "create_table", breaks)
    with pytest.raises(LookupError):
        migrate(empty)
    assert empty.read(lambda c: inspect(c).get_table_names()) == []


def _to(database: Database, revision: str) -> None:
    def upgrade(connection: Any) -> None:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    database.write(upgrade)


def test_versions_that_were_here_before_tell_what_history_told_of_them(empty: Database) -> None:
    _to(empty, "0004")
    measured = {
        "subject": {"reference": "Patient/p/_history/1"},
        "focus": [{"reference": each} for each in ("#a", "Patient/gone", "https://e.example/Patient/p")],
    }
    linked = {"link": [{"other": {"reference": "Patient/p"}}]}
    resources = [(1, "Patient", "p", 1, 7), (2, "Observation", "o", 2, 9)]
    versions = [(1, 1, 7, linked, "a"), (2, 1, 8, {}, None), (2, 2, 9, measured, "b")]

    def fill(connection: Any) -> None:
        values = "VALUES (:a, :b, :c, :d, :e)"
        for row in resources:
            named = text(f"INSERT INTO resource (key, type, id, version, updated_at) {values}")
            connection.execute(named, dict(zip("abcde", row, strict=True)))
        for *rest, body, arrival in versions:
            row = (*rest, json.dumps(body).encode(), arrival)
            named = text(f"INSERT INTO resource_version {values}")
            connection.execute(named, dict(zip("abcde", row, strict=True)))

    empty.write(fill)
    migrate(empty)
    shelf = Resources(empty)
    assert dict(shelf.referrers("Patient", "p")) == {"Observation": 1}
    told = shelf.history(Past(("Observation", "Patient"), 10)).found
    assert [(each.id, each.version, each.method) for each in told] == [
        ("o", 2, Method.PUT), ("o", 1, Method.POST), ("p", 1, Method.POST),
    ]  # fmt: skip


def test_every_migration_follows_the_one_before() -> None:
    files = sorted(each.stem for each in VERSIONS.glob("[0-9]*.py"))
    assert [name[:4] for name in files] == [f"{n:04}" for n in range(1, len(files) + 1)]
    assert files[-1].startswith(needed())
    assert all(re.fullmatch(r"\d{4}_[a-z_]+", name) for name in files)


def test_deliveries_stay_as_they_were_when_they_need_no_case_any_more(empty: Database) -> None:
    """And go back, as long as nothing is to be told to a subscriber."""
    _to(empty, "0006")
    rows: dict[str, dict[str, Any]] = {
        "cases": {
            **dict.fromkeys(("id", "question", "task_id", "patient", "report"), "c"),
            **dict.fromkeys(("task_system", "task_value", "state", "first", "ai"), "x"),
            **dict.fromkeys(("opened_at", "attempts", "news"), 0),
        },
        "document": {
            **dict.fromkeys(("id", "kind", "destination", "media_type", "digest"), "d"),
            "case_id": "c",
            "number": 1,
            "content": b"{}",
            "created_at": 1,
        },
        "delivery": {
            "document_id": "d",
            "case_id": "c",
            "destination": "ehr",
            "number": 1,
            "state": "parked",
            "attempts": 1,
            "give_up_at": 2,
        },
        "attempt": {"document_id": "d", "number": 1, "at": 1, "outcome": "parked", "detail": "no"},
    }
    for name, values in rows.items():
        named = table(name, *(column(each) for each in values))
        empty.write(lambda c, named=named, values=values: c.execute(named.insert().values(values)))
    before = _deliveries(empty)
    assert len(before) == 3
    _to(empty, "0007")
    assert _deliveries(empty) == before
    _back_to(empty, "0006")
    assert _deliveries(empty) == before
    assert not empty.read(lambda c: inspect(c).has_table("subscription"))


def _deliveries(database: Database) -> list[Any]:
    tables = [table(name, column("*", is_literal=True)) for name in ("document", "delivery", "attempt")]
    return [
        tuple(row)
        for each in tables
        for row in database.read(lambda c, each=each: c.execute(select(each)).all())
    ]


def _back_to(database: Database, revision: str) -> None:
    config = _config()

    def down(connection: Any) -> None:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)

    database.write(down)
