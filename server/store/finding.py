"""Queries as SQL, so that they take the same way on ten thousand resources and on a million.

A database plans by statistics that may be old or missing. Here each test that could lead is counted first,
up to ``_RARE``: the rarest leads, the others are looked up for each resource that it finds. When all are
common, the search goes along an index in the order that is asked for and stops when it has enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from server.query import AllOf, Date, Kind, Query, Sort, Test
from server.store.comparing import TABLE, hull, meets, single
from server.store.holding import ROW_TESTS, holds, keys, of
from server.store.indexing import SHORT
from server.store.tables import resource, search_date, search_value

_RARE = 1_000
_EARLIEST = datetime.min.replace(tzinfo=UTC) + SHORT
"""Nothing can be asked for that begins before the calendar does."""


@dataclass(frozen=True, slots=True)
class Within:
    """Only resources that came after one and not after another, by their keys."""

    after: int = 0
    top: int | None = None

    def of(self, key: ColumnElement[Any]) -> tuple[ColumnElement[bool], ...]:
        if self.top is None:
            return ()
        return key > self.after, key <= self.top


def found(connection: Connection, query: Query, limit: int, within: Within | None = None) -> list[int]:
    """The keys of the first ``limit`` that match, in the order that the query asks for."""
    search = _Search(query, tuple(_flat(query.where)), limit, within or Within())
    leader = _leader(connection, query.type, search.tests)
    if leader is not None:
        return _keys(connection, _led(search, leader))
    if query.sort:
        return _sorted(connection, search)
    along = next((each for each in search.tests if isinstance(each, ROW_TESTS) and single(each)), None)
    return _keys(connection, _scan(search) if along is None else _along(search, along))


@dataclass(frozen=True, slots=True)
class _Search:
    query: Query
    tests: tuple[Test, ...]
    limit: int
    within: Within

    def rest(self, key: ColumnElement[Any], *without: Test) -> list[ColumnElement[bool]]:
        """What else a resource with this key must meet."""
        tests = [test for test in self.tests if test not in without]
        return [*(holds(test, self.query.type, key) for test in tests), *self.within.of(key)]


def _flat(tests: Sequence[Test]) -> Iterator[Test]:
    for test in tests:
        if isinstance(test, AllOf):
            yield from _flat(test.tests)
        else:
            yield test


def _keys(connection: Connection, statement: Select[Any]) -> list[int]:
    return [row[0] for row in connection.execute(statement)]


# -- led by what is rare ---------------------------------------------------------------------

_Leader = tuple[tuple[Test, ...], Select[Any]]
"""What is met by all that leads, and the statement for it."""


def _leader(connection: Connection, type_: str, tests: Sequence[Test]) -> _Leader | None:
    """The statement that fewest resources answer to, if they are few."""
    best, fewest = None, _RARE
    for met, leading in _leading(type_, tests):
        count = select(func.count()).select_from(leading.limit(fewest).subquery())
        number = int(connection.execute(count).scalar_one())
        if number < fewest:
            best, fewest = (met, leading), number
    return best


def _leading(type_: str, tests: Sequence[Test]) -> Iterator[_Leader]:
    dates: dict[str, list[Date]] = {}
    for test in tests:
        if isinstance(test, Date):
            dates.setdefault(test.param, []).append(test)
        elif (leading := keys(test, type_)) is not None:
            yield (test,), leading
    for param, group in dates.items():
        yield tuple(group), _between(type_, param, group)


def _between(type_: str, param: str, tests: Sequence[Date]) -> Select[Any]:
    """All that meets every one of several tests on the same dates.

    Short times that stand alone are looked for between the bounds; a resource with several times, or a
    long one, may meet each test elsewhere.
    """
    row, other = search_date.alias(), search_date.alias()
    bounds = [hull(test) for test in tests]
    near = [row.c.low >= max(low, _EARLIEST) - SHORT for low, _ in bounds if low is not None]
    near += [row.c.low < high for _, high in bounds if high is not None]
    met = [meets(test, row) for test in tests]
    short = select(row.c.resource_key).where(*of(row, type_, param), row.c.span == 0, *near, *met)
    each = [holds(test, type_, other.c.resource_key) for test in tests]
    long = select(other.c.resource_key).where(*of(other, type_, param), other.c.span == 1, *each)
    return select(short.union_all(long).subquery().c.resource_key)


def _led(search: _Search, leader: _Leader) -> Select[Any]:
    met, leading = leader
    # Without the type, which what leads has looked at: told twice, SQLite would go through all of the type.
    statement = select(resource.c.key).where(
        resource.c.key.in_(leading), resource.c.deleted.is_(False), *search.rest(resource.c.key, *met)
    )
    return statement.order_by(*_order(search.query)).limit(search.limit)


# -- along an index, when all are common -----------------------------------------------------


def _along(search: _Search, test: Any) -> Select[Any]:
    """Along the resources of one common value, in the order in which they came."""
    row = search_value.alias()
    key = row.c.resource_key
    statement = select(key).where(
        *of(row, search.query.type, test.param), meets(test, row), *search.rest(key, test)
    )
    return statement.group_by(key).order_by(key).limit(search.limit)


def _scan(search: _Search) -> Select[Any]:
    """Through all of a type."""
    statement = select(resource.c.key).where(
        resource.c.type == search.query.type,
        resource.c.deleted.is_(False),
        *search.rest(resource.c.key),
    )
    return statement.order_by(*_order(search.query)).limit(search.limit)


def _sorted(connection: Connection, search: _Search) -> list[int]:
    first = search.query.sort[0]
    if len(search.query.sort) > 1 or first.by is not Kind.DATE:
        return _keys(connection, _scan(search))
    dated = [*_dated(connection, search, first, 0), *_dated(connection, search, first, 1)]
    dated.sort(reverse=first.descending)
    ordered = [key for _, key in dated[: search.limit]]
    if len(ordered) < search.limit:
        ordered += _keys(connection, _undated(search, first, search.limit - len(ordered)))
    return ordered


def _dated(connection: Connection, search: _Search, sort: Sort, span: int) -> list[tuple[Any, int]]:
    """(time, key) of those that have one, in order; of several times the least or the greatest counts."""
    row = search_date.alias()
    key, low = row.c.resource_key, row.c.low
    statement = select(low, key).where(*of(row, search.query.type, sort.param), row.c.span == span)
    by: list[ColumnElement[Any]] = [low, row.c.high, key]  # as the index has it
    if span:
        edge = (func.max if sort.descending else func.min)(low)
        statement = statement.with_only_columns(edge.label("low"), key).group_by(key)
        by = [edge, key]
    order = [each.desc() if sort.descending else each for each in by]
    found_ = connection.execute(statement.where(*search.rest(key)).order_by(*order).limit(search.limit))
    return [(each[0], each[1]) for each in found_]


def _undated(search: _Search, sort: Sort, limit: int) -> Select[Any]:
    row = search_date.alias()
    dated = select(row.c.resource_key).where(*of(row, search.query.type, sort.param))
    statement = select(resource.c.key).where(
        resource.c.type == search.query.type,
        resource.c.deleted.is_(False),
        resource.c.key.not_in(dated),
        *search.rest(resource.c.key),
    )
    return statement.order_by(resource.c.key).limit(limit)


# -- in which order --------------------------------------------------------------------------


def _order(query: Query) -> Iterator[ColumnElement[Any]]:
    """Least value upward, greatest downward; what has none comes last (R4 search.html#sort)."""
    for sort in query.sort:
        value = _sorted_by(sort, query.type)
        if sort.by not in (Kind.UPDATED, Kind.ID):
            yield value.is_(None)
        yield value.desc() if sort.descending else value.asc()
    downward = bool(query.sort) and query.sort[-1].descending
    yield resource.c.key.desc() if downward else resource.c.key


def _sorted_by(sort: Sort, type_: str) -> ColumnElement[Any]:
    if sort.by is Kind.UPDATED:
        return resource.c.updated_at
    if sort.by is Kind.ID:
        return resource.c.id
    row = TABLE[sort.by].alias()
    column = {Kind.TEXT: "folded", Kind.DATE: "low", Kind.NUMBER: "low"}.get(sort.by, "value")
    edge = func.max if sort.descending else func.min
    told = [row.c.value != ""] if column == "value" else []
    inner = select(edge(row.c[column])).where(
        row.c.resource_key == resource.c.key, *of(row, type_, sort.param), *told
    )
    return inner.scalar_subquery()
