"""What a resource is found by, written beside each new version of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert

from server.query import DateRow, NumberRow, ReferenceRow, Row, TextRow, TokenRow
from server.store.folding import fold, short
from server.store.prepared import Prepared
from server.store.tables import search_date, search_number, search_text, search_value

SHORT = timedelta(days=1)
"""A time that covers no more than this is looked for near the bounds of a search."""
TABLES = (search_value, search_text, search_date, search_number)


def _adding(table: Table) -> Prepared:
    return Prepared(insert(table).values({c.name: bindparam(c.name) for c in table.c}))


_ADD = {table: _adding(table) for table in TABLES}
_FORGET = [Prepared(delete(table).where(table.c.resource_key == bindparam("key"))) for table in TABLES]


def index(connection: Connection, key: int, type_: str, rows: Iterable[Row], *, anew: bool) -> None:
    """Write the rows of one resource; ``anew``: in place of those of an earlier version."""
    if anew:
        forget(connection, key)
    # Values that differ may be alike once they are short, folded or binary: each is kept once.
    kept: dict[Table, dict[tuple[Any, ...], dict[str, Any]]] = {}
    rows = tuple(rows)
    dates = Counter(row.param for row in rows if isinstance(row, DateRow))
    for number, row in enumerate(rows):
        table, values = _values(row, number, alone=dates[row.param] == 1)
        kept.setdefault(table, {})[tuple(values.values())] = {"type": type_, "resource_key": key, **values}
    for table, found in kept.items():
        _ADD[table].run_many(connection, found.values())


def forget(connection: Connection, key: int) -> None:
    """A deleted resource is found by nothing."""
    for statement in _FORGET:
        statement.run(connection, key=key)


def _values(row: Row, number: int, *, alone: bool) -> tuple[Table, dict[str, Any]]:
    named: dict[str, Any] = {"param": row.param, "part": row.part}
    if isinstance(row, TokenRow):
        return search_value, {**named, "value": short(row.code), "system": short(row.system)}
    if isinstance(row, ReferenceRow):
        return search_value, {**named, "value": short(row.target), "system": ""}
    if isinstance(row, TextRow):
        return search_text, {**named, "folded": fold(row.text), "text": row.text, "number": number}
    if isinstance(row, DateRow):
        span = 0 if alone and row.high - row.low <= SHORT else 1
        return search_date, {**named, "low": row.low, "high": row.high, "span": span}
    return search_number, _amount(row, named)


def _amount(row: NumberRow, named: dict[str, Any]) -> dict[str, Any]:
    low, high = float(row.low), float(row.high)
    return {**named, "low": low, "high": high, "system": short(row.system), "code": short(row.code)}
