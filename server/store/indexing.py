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


_ADD = tuple(_adding(table) for table in TABLES)
_FORGET = [Prepared(delete(table).where(table.c.resource_key == bindparam("key"))) for table in TABLES]
_Kept = dict[tuple[Any, ...], None]
"""Rows of one table, each once: values that differ may be alike once they are short, folded or binary."""


def index(connection: Connection, key: int, type_: str, rows: Iterable[Row], *, anew: bool) -> None:
    """Write the rows of one resource; ``anew``: in place of those of an earlier version."""
    if anew:
        forget(connection, key)
    for add, kept in zip(_ADD, _kept(type_, key, tuple(rows)), strict=True):
        if kept:
            add.run_rows(connection, kept)


def forget(connection: Connection, key: int) -> None:
    """A deleted resource is found by nothing."""
    for statement in _FORGET:
        statement.run(connection, key=key)


def _kept(type_: str, key: int, rows: tuple[Row, ...]) -> tuple[_Kept, _Kept, _Kept, _Kept]:
    """What to write into each of TABLES, every value at the place of its column."""
    values, texts, dates, numbers = _Kept(), _Kept(), _Kept(), _Kept()
    told = Counter(row.param for row in rows if type(row) is DateRow)
    for number, row in enumerate(rows):
        match row:
            case TokenRow(param, system, code, part):
                values[type_, param, short(code), key, short(system), part] = None
            case ReferenceRow(param, target, part):
                values[type_, param, short(target), key, "", part] = None
            case TextRow(param, text, part):
                texts[type_, param, fold(text), key, number, part, text] = None
            case DateRow(param, low, high, part):
                span = 0 if told[param] == 1 and high - low <= SHORT else 1
                dates[type_, param, span, low, high, key, part] = None
            case NumberRow(param, low, high, system, code, part):
                numbers[type_, param, float(low), float(high), key, short(system), short(code), part] = None
    return values, texts, dates, numbers
