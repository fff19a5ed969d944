"""Our side of a reckoning, read with plain SQL from either database, past the code under test."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pysqlite3

Store = Path | str
"""The file of an SQLite database, or the URL of a PostgreSQL one."""

_INDEXES = """SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace = 'public'::regnamespace"""


class Reader:
    """A connection that only looks, and sees what is committed when it does."""

    def __init__(self, store: Store) -> None:
        if isinstance(store, str):
            self._connection: Any = psycopg.connect(store, autocommit=True)
        else:
            self._connection = pysqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=30)

    def rows(self, query: str) -> list[Any]:
        return list(self._connection.execute(query).fetchall())

    def close(self) -> None:
        self._connection.close()


def rows(store: Store, query: str) -> list[Any]:
    with closing(Reader(store)) as reader:
        return reader.rows(query)


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
