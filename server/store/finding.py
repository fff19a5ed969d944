"""Queries as SQL: the rarest test leads, the others are looked up for each resource it finds.

A database plans by statistics that may be old or missing. Here each test that could lead is counted
first, up to ``_RARE``; so the same query takes the same way on ten thousand resources and on a million.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from server.query import (
    AllOf,
    AnyOf,
    Chain,
    Composite,
    Date,
    Has,
    Ids,
    Kind,
    Missing,
    Not,
    Number,
    Query,
    Reference,
    Sort,
    Test,
    Text,
    Token,
    Updated,
    Uri,
)
from server.store.comparing import TABLE, RowTest, instant, looked_up, meets, single, table_of
from server.store.tables import resource, search_value

_RARE = 1_000
_ROW_TESTS = (Token, Uri, Reference, Text, Date, Number)
Keys = Select[Any]
"""A statement that gives keys of resources."""


_FOUND = select(resource.c.key, resource.c.type, resource.c.id, resource.c.version)


def matching(connection: Connection, query: Query) -> Select[Any]:
    """The statement for (key, type, id, version) of what matches, in the order that the query asks for."""
    tests = list(_flat(query.where))
    leader = _leader(connection, query.type, tests)
    in_order = (
        None if leader or query.sort else next((each for each in tests if _stands_in_order(each)), None)
    )
    rest = [test for test in tests if test not in (leader, in_order)]
    found = _FOUND.where(
        resource.c.type == query.type,
        resource.c.deleted.is_(False),
        *(holds(test, query.type, resource.c.key) for test in rest),
    )
    if isinstance(in_order, _ROW_TESTS):
        return _along(found, in_order, query.type)
    if leader is not None and (leading := keys(leader, query.type)) is not None:
        found = found.where(resource.c.key.in_(leading))
    return found.order_by(*_order(query.type, query.sort), resource.c.key)


def _stands_in_order(test: Test) -> bool:
    return isinstance(test, _ROW_TESTS) and single(test)


def _along(found: Select[Any], test: RowTest, type_: str) -> Select[Any]:
    """Along the index of one common value: the first page of many needs no look at the rest."""
    row = search_value.alias()
    found = found.join(row, row.c.resource_key == resource.c.key)
    found = found.where(*_of(row, type_, test.param), meets(test, row))
    columns = (row.c.resource_key, resource.c.key, resource.c.type, resource.c.id, resource.c.version)
    return found.group_by(*columns).order_by(row.c.resource_key)


def _flat(tests: Sequence[Test]) -> Iterator[Test]:
    for test in tests:
        if isinstance(test, AllOf):
            yield from _flat(test.tests)
        else:
            yield test


def _leader(connection: Connection, type_: str, tests: Sequence[Test]) -> Test | None:
    """The test that fewest resources meet, if they are few; None: look through the type in order."""
    best, fewest = None, _RARE
    for test in tests:
        leading = keys(test, type_)
        if leading is None:
            continue
        count = select(func.count()).select_from(leading.limit(fewest).subquery())
        number = int(connection.execute(count).scalar_one())
        if number < fewest:
            best, fewest = test, number
    return best


# -- as the statement that leads -------------------------------------------------------------


def keys(test: Test, type_: str) -> Keys | None:
    """The keys of all resources of a type that meet a test; None when it can only be looked up."""
    if isinstance(test, _ROW_TESTS):
        row = table_of(test).alias()
        return select(row.c.resource_key).where(*_of(row, type_, test.param), meets(test, row))
    match test:
        case Missing(missing=False):
            row = TABLE[test.kind].alias()
            return select(row.c.resource_key).where(*_of(row, type_, test.param))
        case Chain():
            return _leading_chain(test, type_)
        case Has():
            return _leading_has(test, type_)
        case Ids() | Updated():
            own = resource.alias()
            return select(own.c.key).where(own.c.type == type_, _own(test, own))
        case _:
            return None


def _of(row: Any, type_: str, param: str) -> tuple[ColumnElement[bool], ...]:
    return row.c.type == type_, row.c.param == param


def _leading_chain(test: Chain, type_: str) -> Keys:
    target, row = resource.alias(), search_value.alias()
    there = target.c.type == test.type, target.c.deleted.is_(False)
    meets_all = [_of_target(each, test.type, target) for each in test.where]
    named = literal(f"{test.type}/").concat(target.c.id)
    return select(row.c.resource_key).where(
        *_of(row, type_, test.param), row.c.value.in_(select(named).where(*there, *meets_all))
    )


def _of_target(test: Test, type_: str, target: Any) -> ColumnElement[bool]:
    leading = keys(test, type_)
    return holds(test, type_, target.c.key) if leading is None else target.c.key.in_(leading)


def _leading_has(test: Has, type_: str) -> Keys:
    own, row = resource.alias(), search_value.alias()
    inner = [_of_target(each, test.type, _Keyed(row.c.resource_key)) for each in test.where]
    prefix = f"{type_}/"
    ids = select(func.substr(row.c.value, len(prefix) + 1)).where(
        *_of(row, test.type, test.param), row.c.value.startswith(prefix, autoescape=True), *inner
    )
    return select(own.c.key).where(own.c.type == type_, own.c.id.in_(ids))


class _Keyed:
    """Something with a column ``key``: a row that stands for its resource."""

    def __init__(self, key: ColumnElement[Any]) -> None:
        self.c = self
        self.key = key


# -- as a condition on one resource ----------------------------------------------------------


def holds(test: Test, type_: str, key: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the resource with this key, of this type, meets a test."""
    if isinstance(test, _ROW_TESTS):
        return _some(test, type_, key)
    match test:
        case Missing():
            row = TABLE[test.kind].alias()
            has_it = looked_up(row.c.resource_key == key, *_of(row, type_, test.param))
            return not_(has_it) if test.missing else has_it
        case Not():
            return not_(holds(test.test, type_, key))
        case AllOf():
            return and_(true(), *(holds(each, type_, key) for each in test.tests))
        case AnyOf():
            return or_(false(), *(holds(each, type_, key) for each in test.tests))
        case Composite():
            return or_(false(), *(_together(each, type_, key) for each in test.any_of))
        case Chain():
            return _leads_to(test, type_, key)
        case Has():
            return _is_referred_to(test, type_, key)
        case Ids() | Updated():
            own = resource.alias()
            return looked_up(own.c.key == key, _own(test, own))


def _own(test: Ids | Updated, own: Any) -> ColumnElement[bool]:
    if isinstance(test, Ids):
        condition: ColumnElement[bool] = own.c.id.in_(test.any_of)
        return condition
    return or_(false(), *(instant(each, own.c.updated_at) for each in test.any_of))


def _some(test: RowTest, type_: str, key: ColumnElement[Any]) -> ColumnElement[bool]:
    row = table_of(test).alias()
    return looked_up(row.c.resource_key == key, *_of(row, type_, test.param), meets(test, row))


def _together(tests: Sequence[Test], type_: str, key: ColumnElement[Any]) -> ColumnElement[bool]:
    """Components of one composite, met by values of the same part."""
    rows, conditions = list[Any](), list[ColumnElement[bool]]()
    for test in tests:
        if not isinstance(test, _ROW_TESTS):
            raise TypeError("a composite has components with values")
        row = table_of(test).alias()
        conditions += [row.c.resource_key == key, *_of(row, type_, test.param), meets(test, row)]
        conditions += [row.c.part == rows[0].c.part] if rows else []
        rows.append(row)
    return looked_up(*conditions)


def _leads_to(test: Chain, type_: str, key: ColumnElement[Any]) -> ColumnElement[bool]:
    target, row = resource.alias(), search_value.alias()
    prefix = f"{test.type}/"
    return looked_up(
        row.c.resource_key == key,
        *_of(row, type_, test.param),
        row.c.value.startswith(prefix, autoescape=True),
        target.c.type == test.type,
        target.c.id == func.substr(row.c.value, len(prefix) + 1),
        target.c.deleted.is_(False),
        *(holds(each, test.type, target.c.key) for each in test.where),
    )


def _is_referred_to(test: Has, type_: str, key: ColumnElement[Any]) -> ColumnElement[bool]:
    own, row = resource.alias(), search_value.alias()
    return looked_up(
        own.c.key == key,
        *_of(row, test.type, test.param),
        row.c.value == literal(f"{type_}/").concat(own.c.id),
        *(holds(each, test.type, row.c.resource_key) for each in test.where),
    )


# -- in which order --------------------------------------------------------------------------


def _order(type_: str, sorts: Sequence[Sort]) -> Iterator[ColumnElement[Any]]:
    """Least value upward, greatest downward; what has none comes last (R4 search.html#sort)."""
    for sort in sorts:
        value = _sorted_by(sort, type_)
        yield value.is_(None)
        yield value.desc() if sort.descending else value.asc()


def _sorted_by(sort: Sort, type_: str) -> ColumnElement[Any]:
    if sort.by is Kind.UPDATED:
        return resource.c.updated_at
    if sort.by is Kind.ID:
        return resource.c.id
    row = TABLE[sort.by].alias()
    column = {Kind.TEXT: "folded", Kind.DATE: "low", Kind.NUMBER: "low"}.get(sort.by, "value")
    edge = func.max if sort.descending else func.min
    inner = select(edge(row.c[column])).where(
        row.c.resource_key == resource.c.key, *_of(row, type_, sort.param)
    )
    return inner.scalar_subquery()
