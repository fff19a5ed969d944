"""Statements that every request runs: compiled once by SQLAlchemy, run on the driver's own cursor.

Compiling, binding and fetching through the toolkit cost more than SQLite itself; a durable create
took twice as long with it (docs/performance.md). They run within the transaction of the Connection
they are given, like any other statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Executable, Select, literal_column

_Bind = Callable[[dict[str, Any]], tuple[Any, ...]]


def at_most(statement: Select[Any], rows: int) -> Select[Any]:
    """LIMIT as a number in the statement: where it is bound, SQLite since 3.48 plans the statement anew
    with each value, which takes longer than to find one row.
    """
    return statement.limit(literal_column(str(rows))).offset(literal_column("0"))


class Prepared:
    """One Core statement with named parameters."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, _Bind]] = {}

    def run(self, connection: Connection, **values: Any) -> Any:
        """Execute once; returns the driver's cursor, whose rows are as stored (no type conversion)."""
        sql, bind = self.compiled(connection.dialect)
        cursor = connection.connection.cursor()
        cursor.execute(sql, bind(values))
        return cursor

    def run_many(self, connection: Connection, rows: Iterable[dict[str, Any]]) -> None:
        """Execute once for each row."""
        sql, bind = self.compiled(connection.dialect)
        connection.connection.cursor().executemany(sql, [bind(row) for row in rows])

    def compiled(self, dialect: Dialect) -> tuple[str, _Bind]:
        """The statement in the words of a database, and what puts named values in the order of its places."""
        if dialect.name not in self._compiled:
            compiled: Any = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
            processors = compiled._bind_processors  # noqa: SLF001 - there is no public way to them
            bind = _binding(tuple(compiled.positiontup), processors, compiled.params)
            self._compiled[dialect.name] = str(compiled), bind
        return self._compiled[dialect.name]


def _binding(
    places: tuple[str, ...], processors: Mapping[str, Callable[[Any], Any]], fixed: Mapping[str, Any]
) -> _Bind:
    """What is not given is as the statement says, or null."""
    if not places:
        return lambda _: ()
    converted = tuple((name, processors[name]) for name in dict.fromkeys(places) if processors.get(name))
    take = itemgetter(*places)
    missing = {name: fixed.get(name) for name in places}

    def bind(values: dict[str, Any]) -> tuple[Any, ...]:
        given = missing | values
        for name, process in converted:
            given[name] = process(given[name])
        return take(given) if len(places) > 1 else (take(given),)

    return bind
