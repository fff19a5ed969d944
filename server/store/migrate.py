"""Bringing the schema to the version that this code needs, and refusing to run on another.

Every process looks whether the schema is the needed one; only the one that changes it loads Alembic,
which takes longer than the look.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from server.errors import Category, fault
from server.store.database import Database
from server.store.locks import hold_schema

if TYPE_CHECKING:
    from alembic.config import Config

_SCRIPTS = Path(__file__).parent / "migrations"


def needed() -> str:
    """The revision that this code is written for."""
    if not (known := _known()):
        raise fault(Category.BROKEN, "exception", f"no migrations in {_SCRIPTS}")
    return max(known)


def _known() -> frozenset[str]:
    """A migration's file is called after its revision; each is greater than the one that it follows."""
    return frozenset(each.name.partition("_")[0] for each in (_SCRIPTS / "versions").glob("[0-9]*.py"))


def current(database: Database) -> str | None:
    """The revision that the database is at; None when it is empty."""
    with database.reading() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def migrate(database: Database) -> tuple[str | None, str]:
    """Upgrade to the needed revision; returns (before, after).

    Raises:
        Fault: UNAVAILABLE when a version that is not this one made the schema what it is.
    """
    before = current(database)
    if before is not None and before not in _known():
        raise fault(
            Category.UNAVAILABLE,
            "no-store",
            f"the database is at revision {before}, which this version does not know; "
            "start the version that used it last, or restore a backup",
        )
    if before != needed():
        _upgrade(database)
    return before, needed()


def _upgrade(database: Database) -> None:
    from alembic import command  # noqa: PLC0415

    config = _config()

    def upgrade(connection: Connection) -> None:
        hold_schema(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        database.make_scratch(connection)

    database.write(upgrade)


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "os")
    return config


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
