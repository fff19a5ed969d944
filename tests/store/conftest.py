"""Fixtures of the store: a migrated database without rows, on each of the products that it runs on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.store.database import Database
from tests.schema import migrated


@pytest.fixture
def database(tmp_path: Path, database_url: str) -> Iterator[Database]:
    """An empty store."""
    opened = Database(database_url or migrated(tmp_path / "store.db"))
    yield opened
    opened.close()
