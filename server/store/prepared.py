"""Statements that every request runs: compiled once by SQLAlchemy, run on the driver's own cursor.

Compiling, binding and fetching through the toolkit cost more than SQLite itself; a durable create
took twice as long with it (docs/performance.md). They run within the transaction of the Connection
they are given, like any other statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, Dialect, Executable

_Take = tuple[str, Callable[[Any], Any] | None, Any]


class Prepared:
    """One Core statement with named parameters."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, tuple[_Take, ...]]] = {}

    def run(self, connection: Connection, **values: Any) -> Any:
        """Execute once; returns the driver's cursor, whose rows are as stored (no type conversion)."""
        sql, takes = self._for(connection.dialect)
        cursor = connection.connection.cursor()
        cursor.execute(sql, _bound(takes, values))
        return cursor

    def run_many(self, connection: Connection, rows: Iterable[dict[str, Any]]) -> None:
        """Execute once for each row."""
        sql, takes = self._for(connection.dialect)
        connection.connection.cursor().executemany(sql, [_bound(takes, row) for row in rows])

    def _for(self, dialect: Dialect) -> tuple[str, tuple[_Take, ...]]:
        if dialect.name not in self._compiled:
            compiled: Any = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
            processors = compiled._bind_processors  # noqa: SLF001 - there is no public way to them
            takes = tuple(
                (name, processors.get(name), compiled.params.get(name)) for name in compiled.positiontup
            )
            self._compiled[dialect.name] = str(compiled), takes
        return self._compiled[dialect.name]


def _bound(takes: tuple[_Take, ...], values: dict[str, Any]) -> tuple[Any, ...]:
    given = ((values.get(name, fixed), process) for name, process, fixed in takes)
    return tuple(value if process is None else process(value) for value, process in given)
