"""Whether a resource that nobody has written yet would be found: what the store does, for one resource.

A chain leads through what is stored, and nothing there knows of it yet: it meets none. It is under no seal.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.query import (
    AllOf,
    Amount,
    AnyOf,
    Composite,
    Date,
    DateRow,
    Ids,
    Kind,
    Match,
    Missing,
    Moment,
    Not,
    Number,
    NumberRow,
    Prefix,
    Reference,
    ReferenceRow,
    Row,
    Test,
    Text,
    TextRow,
    Token,
    TokenRow,
    Updated,
    Uri,
)


@dataclass(frozen=True, slots=True)
class Unwritten:
    """What will be kept of a resource."""

    id: str
    rows: Sequence[Row]
    at: datetime


def meets(resource: Unwritten, tests: Iterable[Test]) -> bool:
    """Whether it meets all of them."""
    return all(_meets(resource, test) for test in tests)


def _meets(resource: Unwritten, test: Test) -> bool:
    match test:
        case AllOf():
            return meets(resource, test.tests)
        case AnyOf():
            return any(_meets(resource, each) for each in test.tests)
        case Not():
            return not _meets(resource, test.test)
        case Ids():
            return resource.id in test.any_of
        case Updated():
            return any(_timed(each, resource.at, resource.at, instant=True) for each in test.any_of)
        case Missing():
            kind = _KEPT[test.kind]
            held = any(row.param == test.param and isinstance(row, kind) for row in resource.rows)
            return test.missing is not held
        case Composite():
            return any(_together(resource, tests) for tests in test.any_of)
        case Token() | Uri() | Reference() | Text() | Date() | Number():
            return any(_held(row, test) for row in resource.rows)
        case _:
            return False


def _together(resource: Unwritten, tests: Sequence[Test]) -> bool:
    parts = {row.part for row in resource.rows if row.part}
    return any(
        all(any(row.part == part and _held(row, test) for row in resource.rows) for test in tests)
        for part in parts
    )


def _held(row: Row, test: Any) -> bool:
    kind, holds = _HOLDS[type(test)]
    return (
        row.param == test.param
        and isinstance(row, kind)
        and any(holds(row, value, test) for value in test.any_of)
    )


def _token(row: TokenRow, value: tuple[str | None, str | None], _: Token) -> bool:
    return value[0] in (None, row.system) and value[1] in (None, row.code)


def _uri(row: TokenRow, value: str, test: Uri) -> bool:
    inner, outer = (value, row.code) if test.how is Match.BELOW else (row.code, value)
    below = test.how is not Match.EXACT and outer.startswith(f"{inner.rstrip('/')}/")
    return row.code == value or below


def _text(row: TextRow, value: str, test: Text) -> bool:
    match test.how:
        case Match.EXACT:
            return row.text == value
        case Match.CONTAINS:
            return _folded(value) in _folded(row.text)
        case _:
            return _folded(row.text).startswith(_folded(value))


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())


def _timed(asked: Moment, low: datetime, high: datetime, *, instant: bool = False) -> bool:
    """R4 search.html#prefix; an instant is its own end."""
    inside = asked.low <= low and (high < asked.high if instant else high <= asked.high)
    above, below = (high >= asked.high if instant else high > asked.high), low < asked.low
    after, before = low >= asked.high, (high < asked.low if instant else high <= asked.low)
    return {
        Prefix.EQ: inside,
        Prefix.NE: not inside,
        Prefix.GT: above,
        Prefix.LT: below,
        Prefix.GE: above or inside,
        Prefix.LE: below or inside,
        Prefix.SA: after,
        Prefix.EB: before,
        Prefix.AP: not after and not before,
    }[asked.prefix]


def _amounted(row: NumberRow, asked: Amount, _: Number) -> bool:
    """With a prefix but eq, ne and ap the number is exact."""
    if asked.system not in (None, row.system) or asked.code not in (None, row.code):
        return False
    inside = asked.low <= row.low and row.high < asked.high
    return {
        Prefix.EQ: inside,
        Prefix.NE: not inside,
        Prefix.GT: row.high > asked.value,
        Prefix.LT: row.low < asked.value,
        Prefix.GE: row.high >= asked.value,
        Prefix.LE: row.low <= asked.value,
        Prefix.SA: row.low > asked.value,
        Prefix.EB: row.high < asked.value,
        Prefix.AP: row.low <= asked.high and row.high >= asked.low,
    }[asked.prefix]


_KEPT: Mapping[Kind, type[Any]] = {
    Kind.TOKEN: TokenRow,
    Kind.REFERENCE: ReferenceRow,
    Kind.TEXT: TextRow,
    Kind.DATE: DateRow,
    Kind.NUMBER: NumberRow,
}
_HOLDS: Mapping[Any, tuple[type[Any], Callable[[Any, Any, Any], bool]]] = {
    Token: (TokenRow, _token),
    Uri: (TokenRow, _uri),
    Reference: (ReferenceRow, lambda row, target, _: row.target == target),
    Text: (TextRow, _text),
    Date: (DateRow, lambda row, asked, _: _timed(asked, row.low, row.high)),
    Number: (NumberRow, _amounted),
}
