"""What a search finds, looked for in every row of every resource: slow, and written from R4's words alone.

The store answers the same questions in SQL, and is compared with this.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from server.query import (
    AllOf,
    Amount,
    AnyOf,
    Chain,
    Composite,
    Date,
    DateRow,
    Has,
    Ids,
    Kind,
    Match,
    Missing,
    Moment,
    Not,
    Number,
    NumberRow,
    Prefix,
    Query,
    Reference,
    ReferenceRow,
    Row,
    Sealed,
    Sort,
    Test,
    Text,
    TextRow,
    Token,
    TokenRow,
    Updated,
    Uri,
)

ROW_OF = {
    Kind.TOKEN: TokenRow,
    Kind.REFERENCE: ReferenceRow,
    Kind.TEXT: TextRow,
    Kind.DATE: DateRow,
    Kind.NUMBER: NumberRow,
}


@dataclass(frozen=True)
class Item:
    """One current resource."""

    type: str
    id: str
    updated_at: datetime
    rows: Sequence[Row]

    @property
    def name(self) -> str:
        return f"{self.type}/{self.id}"

    def of(self, param: str, kind: type[Any], part: int | None = None) -> Iterator[Any]:
        for row in self.rows:
            if row.param == param and isinstance(row, kind) and part in (None, row.part):
                yield row


@dataclass
class Collection:
    """Resources in the order in which they came."""

    items: list[Item]
    sealed: set[str] = field(default_factory=set)

    def found(self, query: Query) -> list[Item]:
        """All that match, in order."""
        matching = [
            each
            for each in self.items
            if each.type == query.type and all(self.meets(test, each) for test in query.where)
        ]
        for sort in reversed(query.sort):
            matching = _sorted(matching, sort)
        return matching

    def places(self, query: Query, ids: Sequence[str]) -> list[list[Any]]:
        """What the resources with these ids are put in order by."""
        items = {each.id: each for each in self.items if each.type == query.type}
        return [[_edge(items[id_], sort) for sort in query.sort] for id_ in ids]

    def meets(self, test: Test, item: Item) -> bool:
        match test:
            case AllOf():
                return all(self.meets(each, item) for each in test.tests)
            case AnyOf():
                return any(self.meets(each, item) for each in test.tests)
            case Not():
                return not self.meets(test.test, item)
            case Chain():
                targets = _led_to(item, test.param)
                there = [each for each in self.items if each.type == test.type and each.name in targets]
                return any(all(self.meets(inner, each) for inner in test.where) for each in there)
            case Has():
                there = [each for each in self.items if each.type == test.type]
                there = [each for each in there if item.name in _led_to(each, test.param)]
                return any(all(self.meets(inner, each) for inner in test.where) for each in there)
            case Sealed():
                return item.name in self.sealed
            case _:
                return _alone(test, item)


def _led_to(item: Item, param: str) -> set[str]:
    return {row.target for row in item.of(param, ReferenceRow)}


def _alone(test: Any, item: Item) -> bool:
    """Whether an item meets a test that looks at nothing else."""
    match test:
        case Ids():
            return item.id in test.any_of
        case Updated():
            at = item.updated_at
            return any(_moment(each, at, at, instant=True) for each in test.any_of)
        case Missing():
            return test.missing != any(True for _ in item.of(test.param, ROW_OF[test.kind]))
        case Composite():
            parts = {row.part for row in item.rows if row.part}
            return any(
                all(_valued(inner, item, part) for inner in tests) for tests in test.any_of for part in parts
            )
        case _:
            return _valued(test, item, None)


def _valued(test: Any, item: Item, part: int | None) -> bool:
    kind, holds = _VALUES[type(test)]
    return any(holds(test, value, row) for row in item.of(test.param, kind, part) for value in test.any_of)


def _token(test: Token, value: tuple[str | None, str | None], row: TokenRow) -> bool:
    del test
    system, code = value
    return system in (None, row.system) and code in (None, row.code)


def _uri(test: Uri, value: str, row: TokenRow) -> bool:
    if test.how is Match.BELOW:
        return _begins(row.code, value)
    if test.how is Match.ABOVE:
        return _begins(value, row.code)
    return row.code == value


def _begins(uri: str, base: str) -> bool:
    """At a boundary of the path."""
    return uri == base or (bool(base) and uri.startswith(base.rstrip("/") + "/"))


def _reference(test: Reference, value: str, row: ReferenceRow) -> bool:
    del test
    return row.target == value


def _text(test: Text, value: str, row: TextRow) -> bool:
    if test.how is Match.EXACT:
        return row.text == value
    if test.how is Match.CONTAINS:
        return folded(value) in folded(row.text)
    return folded(row.text).startswith(folded(value))


def folded(text: str) -> str:
    """Without case, accents, and more than one space between words."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(each for each in letters if not unicodedata.combining(each)).split())


def _date(test: Date, value: Moment, row: DateRow) -> bool:
    del test
    return _moment(value, row.low, row.high)


def _moment(asked: Moment, low: datetime, high: datetime, *, instant: bool = False) -> bool:
    """R4 search.html#prefix; ``high`` is the first moment after, but an instant is its own end."""
    contained = asked.low <= low and (high < asked.high if instant else high <= asked.high)
    above = high >= asked.high if instant else high > asked.high
    below = low < asked.low
    after, before = low >= asked.high, high < asked.low if instant else high <= asked.low
    return {
        Prefix.EQ: contained,
        Prefix.NE: not contained,
        Prefix.GT: above,
        Prefix.LT: below,
        Prefix.GE: above or contained,
        Prefix.LE: below or contained,
        Prefix.SA: after,
        Prefix.EB: before,
        Prefix.AP: not after and not before,
    }[asked.prefix]


def _number(test: Number, asked: Amount, row: NumberRow) -> bool:
    del test
    if asked.system not in (None, row.system) or asked.code not in (None, row.code):
        return False
    low, high, value = row.low, row.high, asked.value
    contained = asked.low <= low and high < asked.high
    return {
        Prefix.EQ: contained,
        Prefix.NE: not contained,
        Prefix.GT: high > value,
        Prefix.LT: low < value,
        Prefix.GE: high >= value,
        Prefix.LE: low <= value,
        Prefix.SA: low > value,
        Prefix.EB: high < value,
        Prefix.AP: low <= asked.high and high >= asked.low,
    }[asked.prefix]


_VALUES: dict[Any, tuple[type[Any], Callable[[Any, Any, Any], bool]]] = {
    Token: (TokenRow, _token),
    Uri: (TokenRow, _uri),
    Reference: (ReferenceRow, _reference),
    Text: (TextRow, _text),
    Date: (DateRow, _date),
    Number: (NumberRow, _number),
}


def _sorted(items: list[Item], sort: Sort) -> list[Item]:
    """Least value upward, greatest downward; those without come last; otherwise as they stood."""
    valued = [(value, each) for each in items for value in [_edge(each, sort)] if value is not None]
    without = [each for each in items if _edge(each, sort) is None]
    valued.sort(key=lambda pair: pair[0], reverse=sort.descending)
    return [each for _, each in valued] + without


def _edge(item: Item, sort: Sort) -> Any:
    if sort.by is Kind.ID:
        return item.id
    if sort.by is Kind.UPDATED:
        return item.updated_at
    read: dict[Kind, Callable[[Any], Any]] = {
        Kind.TOKEN: lambda row: row.code,
        Kind.REFERENCE: lambda row: row.target,
        Kind.TEXT: lambda row: folded(row.text),
        Kind.DATE: lambda row: row.low,
        Kind.NUMBER: lambda row: row.low if isinstance(row.low, Decimal) else None,
    }
    values = [read[sort.by](row) for row in item.of(sort.param, ROW_OF[sort.by])]
    values = [each for each in values if each != ""]
    if not values:
        return None
    return max(values) if sort.descending else min(values)
