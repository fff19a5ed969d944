"""Tests on the values of one resource as SQL: which rows of a search table meet them (R4 search.html).

A date row covers the time from ``low`` to before ``high``; a number row the values from ``low`` to ``high``.
The rules for the prefixes are those of R4 search.html#prefix, each beside its words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from math import inf, nextafter
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Table, and_, exists, false, literal, or_, select, tuple_

from server.query import Amount, Date, Kind, Match, Moment, Number, Prefix, Reference, Text, Token, Uri
from server.store.folding import fold, short
from server.store.tables import search_date, search_number, search_text, search_value

RowTest = Token | Uri | Reference | Text | Date | Number
_LAST = chr(0x10FFFF)

TABLE: dict[Kind, Table] = {
    Kind.TOKEN: search_value,
    Kind.REFERENCE: search_value,
    Kind.TEXT: search_text,
    Kind.DATE: search_date,
    Kind.NUMBER: search_number,
}


def table_of(test: RowTest) -> Table:
    """The table whose rows the test is about."""
    match test:
        case Text():
            return search_text
        case Date():
            return search_date
        case Number():
            return search_number
        case _:
            return search_value


def meets(test: RowTest, row: FromClause) -> ColumnElement[bool]:
    """Whether a row of that table, under some alias, has one of the values."""
    match test:
        case Token():
            return _token(test, row)
        case Uri():
            return _any([_uri(each, test.how, row) for each in test.any_of])
        case Reference():
            return row.c.value.in_([short(each) for each in test.any_of])
        case Text():
            return _any([_text(each, test.how, row) for each in test.any_of])
        case Date():
            return _any([_moment(each, row.c.low, row.c.high) for each in test.any_of])
        case Number():
            return _any([_amount(each, row) for each in test.any_of])


def looked_up(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether there is such a row, looked up for each resource that something else has found.

    PostgreSQL would make a join of it, and try out in which order to join: with fifty of them for
    longer than anybody waits. Within an OR it would find all such rows of the store beforehand, which
    without statistics it takes for few. It leaves alone what has an OFFSET.
    """
    return exists(select(literal(1)).where(*conditions).suffix_with("OFFSET 0", dialect="postgresql"))


def hull(test: Date) -> tuple[datetime | None, datetime | None]:
    """Between which starts all values lie that meet the test, were they of no length; None: no bound."""
    bounds = [_BOUNDS[each.prefix](each) for each in test.any_of]
    lows = [low for low, _ in bounds if low is not None]
    highs = [high for _, high in bounds if high is not None]
    return (
        min(lows) if len(lows) == len(bounds) and lows else None,
        max(highs) if len(highs) == len(bounds) and highs else None,
    )


_BOUNDS: dict[Prefix, Callable[[Moment], tuple[datetime | None, datetime | None]]] = {
    Prefix.EQ: lambda asked: (asked.low, asked.high),
    Prefix.NE: lambda _: (None, None),
    Prefix.GT: lambda asked: (asked.high, None),
    Prefix.LT: lambda asked: (None, asked.low),
    Prefix.GE: lambda asked: (asked.low, None),
    Prefix.LE: lambda asked: (None, asked.high),
    Prefix.SA: lambda asked: (asked.high, None),
    Prefix.EB: lambda asked: (None, asked.low),
    Prefix.AP: lambda asked: (asked.low, asked.high),
}


def single(test: RowTest) -> bool:
    """Whether its rows stand together in the key of the table, in the order in which resources came."""
    match test:
        case Token():
            return len(test.any_of) == 1 and test.any_of[0][1] is not None
        case Reference():
            return len(test.any_of) == 1
        case Uri():
            return len(test.any_of) == 1 and test.how is Match.EXACT
        case _:
            return False


def _any(tests: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    return or_(false(), *tests)


def _token(test: Token, row: FromClause) -> ColumnElement[bool]:
    bare = [short(code) for system, code in test.any_of if system is None and code is not None]
    pairs = [(short(s), short(c)) for s, c in test.any_of if s is not None and c is not None]
    systems = [short(system) for system, code in test.any_of if system is not None and code is None]
    tests: list[ColumnElement[bool]] = []
    if bare:
        tests.append(row.c.value.in_(bare))
    if len(pairs) == 1:
        tests.append(and_(row.c.value == pairs[0][1], row.c.system == pairs[0][0]))
    elif pairs:
        tests.append(tuple_(row.c.system, row.c.value).in_(pairs))
    if systems:
        tests.append(row.c.system.in_(systems))
    return _any(tests)


def _uri(uri: str, how: Match, row: FromClause) -> ColumnElement[bool]:
    value = row.c.value
    if how is Match.BELOW:
        stem = uri.rstrip("/")
        return or_(value == short(uri), and_(value >= f"{stem}/", value < f"{stem}0"))  # "0" follows "/"
    if how is Match.ABOVE:
        steps = [at for at, sign in enumerate(uri) if sign == "/" and at]
        return value.in_([short(uri), *(uri[:at] for at in steps), *(uri[: at + 1] for at in steps)])
    return value == short(uri)


def _text(text: str, how: Match, row: FromClause) -> ColumnElement[bool]:
    folded = fold(text)
    if how is Match.EXACT:
        return and_(row.c.folded == folded, row.c.text == text)
    if how is Match.CONTAINS:
        return row.c.folded.contains(folded, autoescape=True)
    return and_(row.c.folded >= folded, row.c.folded < folded + _LAST)


def _moment(asked: Moment, low: ColumnElement[Any], high: ColumnElement[Any]) -> ColumnElement[bool]:
    """A time from ``low`` to before ``high`` beside the time that was asked for."""
    inside = and_(low >= asked.low, high <= asked.high)
    tests: dict[Prefix, Callable[[], ColumnElement[bool]]] = {
        Prefix.EQ: lambda: inside,  # the asked range contains the value's whole
        Prefix.NE: lambda: or_(low < asked.low, high > asked.high),
        Prefix.GT: lambda: high > asked.high,  # the range above intersects with the value's
        Prefix.LT: lambda: low < asked.low,
        Prefix.GE: lambda: or_(high > asked.high, inside),
        Prefix.LE: lambda: or_(low < asked.low, inside),
        Prefix.SA: lambda: low >= asked.high,  # nothing in common, and all of it after
        Prefix.EB: lambda: high <= asked.low,
        Prefix.AP: lambda: and_(low < asked.high, high > asked.low),  # widened by who asks
    }
    return tests[asked.prefix]()


def instant(asked: Moment, at: ColumnElement[Any]) -> ColumnElement[bool]:
    """An instant, which covers no time, beside the time that was asked for."""
    inside = and_(at >= asked.low, at < asked.high)
    tests: dict[Prefix, ColumnElement[bool]] = {
        Prefix.EQ: inside,
        Prefix.NE: or_(at < asked.low, at >= asked.high),
        Prefix.GT: at >= asked.high,
        Prefix.LT: at < asked.low,
        Prefix.GE: at >= asked.low,
        Prefix.LE: at < asked.high,
        Prefix.SA: at >= asked.high,
        Prefix.EB: at < asked.low,
        Prefix.AP: inside,
    }
    return tests[asked.prefix]


def _amount(asked: Amount, row: FromClause) -> ColumnElement[bool]:
    tests = [_compared(asked, row)]
    if asked.system is not None:
        tests.append(row.c.system == short(asked.system))
    if asked.code is not None:
        tests.append(row.c.code == short(asked.code))
    return and_(*tests)


def _compared(asked: Amount, row: FromClause) -> ColumnElement[bool]:
    low, high = row.c.low, row.c.high
    value, least, most = float(asked.value), float(asked.low), float(asked.high)
    if most <= value:  # more digits than a double holds: what is kept of the same digits is that double
        most = nextafter(value, inf)
    inside = and_(low >= least, high < most)  # 100 asks for 99.5 to before 100.5
    tests: dict[Prefix, Callable[[], ColumnElement[bool]]] = {
        Prefix.EQ: lambda: inside,
        Prefix.NE: lambda: or_(low < least, high >= most),
        Prefix.GT: lambda: high > value,  # with a prefix the number is exact
        Prefix.LT: lambda: low < value,
        Prefix.GE: lambda: high >= value,
        Prefix.LE: lambda: low <= value,
        Prefix.SA: lambda: low > value,
        Prefix.EB: lambda: high < value,
        Prefix.AP: lambda: and_(low <= most, high >= least),
    }
    return tests[asked.prefix]()
