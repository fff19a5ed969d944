"""Our side of a reckoning, read with plain SQL from either database, past the code under test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pysqlite3

Store = Path | str
"""The file of an SQLite database, or the URL of a PostgreSQL one."""

_INDEXES = """SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace = 'public'::regnamespace"""


def rows(store: Store, query: str) -> list[Any]:
    if isinstance(store, str):
        with psycopg.connect(store) as server:
            return server.execute(query).fetchall()  # type: ignore[call-overload]
    connection = pysqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=30)
    try:
        return list(connection.execute(query))
    finally:
        connection.close()


def damage(store: Store) -> list[str]:
    """What the database itself finds wrong with its file, or with its indexes beside their tables.

    The extension ``amcheck`` must be there already; its maker may not be the role of the server.
    """
    if isinstance(store, str):
        names = [row[0] for row in rows(store, _INDEXES)]
        assert names
        for each in names:
            rows(store, f"SELECT bt_index_check('{each}', true)")  # raises what is wrong
        return []
    return [f"integrity_check: {row[0]}" for row in rows(store, "pragma integrity_check") if row[0] != "ok"]
