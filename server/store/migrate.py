"""Bringing the schema to the version that this code needs, and refusing to run on another."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from server.errors import Category, fault
from server.store.database import Database
from server.store.locks import hold_schema

_SCRIPTS = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "os")
    return config


def needed() -> str:
    """The revision that this code is written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise fault(Category.BROKEN, "exception", f"no migrations in {_SCRIPTS}")
    return head


def current(database: Database) -> str | None:
    """The revision that the database is at; None when it is empty."""
    return database.read(lambda connection: MigrationContext.configure(connection).get_current_revision())


def migrate(database: Database) -> tuple[str | None, str]:
    """Upgrade to the needed revision; returns (before, after)."""
    before = current(database)
    config = _config()

    def upgrade(connection: Connection) -> None:
        hold_schema(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        database.make_scratch(connection)

    database.write(upgrade)
    return before, needed()


def demand_current(database: Database) -> None:
    """Raises Fault(UNAVAILABLE) when the schema is not the one that this code needs."""
    found = current(database)
    if found != needed():
        raise fault(
            Category.UNAVAILABLE,
            "no-store",
            f"the database is at revision {found or 'none'}, this version needs {needed()}; "
            "run: python -m server migrate",
        )
