"""Statements that every request runs: compiled once by SQLAlchemy, run on the driver's own cursor.

Compiling, binding and fetching through the toolkit cost more than SQLite itself; a durable create
took twice as long with it (docs/performance.md). They run within the transaction of the Connection
they are given, like any other statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Executable, Select, literal_column


def at_most(statement: Select[Any], rows: int) -> Select[Any]:
    """LIMIT as a number in the statement: where it is bound, SQLite since 3.48 plans the statement anew
    with each value, which takes longer than to find one row.
    """
    return statement.limit(literal_column(str(rows))).offset(literal_column("0"))


class Prepared:
    """One Core statement with named parameters."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, Binding]] = {}

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

    def run_rows(self, connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
        """Execute once for each row, whose values stand in the order of the statement's places."""
        sql, bind = self.compiled(connection.dialect)
        connection.connection.cursor().executemany(sql, [bind.in_order(row) for row in rows])

    def compiled(self, dialect: Dialect) -> tuple[str, Binding]:
        """The statement in the words of a database, and what puts named values in the order of its places."""
        if dialect.name not in self._compiled:
            compiled: Any = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
            processors = compiled._bind_processors  # noqa: SLF001 - there is no public way to them
            bind = Binding(tuple(compiled.positiontup), processors, compiled.params)
            self._compiled[dialect.name] = str(compiled), bind
        return self._compiled[dialect.name]


class Binding:
    """From values to what the driver takes."""

    def __init__(
        self,
        places: tuple[str, ...],
        processors: Mapping[str, Callable[[Any], Any]],
        fixed: Mapping[str, Any],
    ) -> None:
        self.places = places
        self._missing = {name: fixed.get(name) for name in places}
        self._by_name = tuple((name, processors[name]) for name in self._missing if processors.get(name))
        self._by_place = tuple(
            (place, processors[name]) for place, name in enumerate(places) if processors.get(name)
        )
        self._take = _taking(places)

    def __call__(self, values: dict[str, Any]) -> tuple[Any, ...]:
        """Named values in the order of their places; what is not given is as the statement says, or null."""
        given = self._missing | values
        for name, process in self._by_name:
            given[name] = process(given[name])
        return self._take(given)

    def in_order(self, row: tuple[Any, ...]) -> Sequence[Any]:
        if not self._by_place:
            return row
        values = list(row)
        for place, process in self._by_place:
            values[place] = process(values[place])
        return values


def _taking(places: tuple[str, ...]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """As ``itemgetter``, which gives no tuple of one and none of none."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda given: tuple(given[name] for name in places)
