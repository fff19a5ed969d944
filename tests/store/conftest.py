"""Fixtures of the store: a migrated database without rows, on each of the products that it runs on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.store.database import Database
from server.store.migrate import migrate


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file at the present schema, without rows and without a write-ahead log beside it."""
    path = tmp_path_factory.mktemp("fresh") / "fresh.db"
    database = Database(path)
    migrate(database)
    database.close()
    return path


@pytest.fixture
def database(fresh: Path, tmp_path: Path, database_url: str) -> Iterator[Database]:
    """An empty store."""
    opened = Database(database_url or Path(shutil.copy(fresh, tmp_path / "store.db")))
    yield opened
    opened.close()
