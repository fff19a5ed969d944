"""The schema: made by migrations, exactly what the tables say, and demanded before anything runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import BigInteger, inspect

from server.errors import Category, Fault
from server.ports import Method, Past
from server.store.database import Database
from server.store.migrate import _config, current, demand_current, migrate, needed
from server.store.partner_table import partner
from server.store.resources import Resources
from server.store.tables import Instant, metadata

VERSIONS = Path(__file__).parents[2] / "server" / "store" / "migrations" / "versions"


@pytest.fixture
def empty(tmp_path: Path) -> Any:
    opened = Database(tmp_path / "empty.db")
    yield opened
    opened.close()


def test_an_empty_database_is_brought_to_the_needed_schema(empty: Database) -> None:
    assert current(empty) is None
    assert migrate(empty) == (None, needed())
    assert current(empty) == needed()
    demand_current(empty)


def test_migrating_again_changes_nothing(database: Database) -> None:
    before = database.read(lambda c: c.exec_driver_sql("SELECT sql FROM sqlite_schema ORDER BY name").all())
    assert migrate(database) == (needed(), needed())
    after = database.read(lambda c: c.exec_driver_sql("SELECT sql FROM sqlite_schema ORDER BY name").all())
    assert after == before


def _type_differs(_context: object, _found: object, _told: object, found: Any, told: Any) -> bool | None:
    """A moment is stored as a big integer: the two are the same column."""
    same = isinstance(told, Instant) and isinstance(found, BigInteger)
    return False if same else None


def differences(
    database: Database, type_differs: Callable[..., bool | None] | bool = _type_differs
) -> list[Any]:
    def compare(connection: Any) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": type_differs})
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


def test_keys_are_as_the_code_says_too(database: Database) -> None:
    """Alembic compares no primary keys."""
    assert partner.name in metadata.tables
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
        empty.write(lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = ?", (revision,)))
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
        for row in resources:
            named = "INSERT INTO resource (key, type, id, version, updated_at) VALUES (?, ?, ?, ?, ?)"
            connection.exec_driver_sql(named, row)
        for *rest, body, arrival in versions:
            row = (*rest, json.dumps(body).encode(), arrival)
            connection.exec_driver_sql("INSERT INTO resource_version VALUES (?, ?, ?, ?, ?)", row)

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
