"""One test of a query as SQL: as a statement that gives keys, and as a condition on one resource."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, not_, or_, select, true, union_all

from server.query import (
    AllOf,
    AnyOf,
    Chain,
    Composite,
    Date,
    Has,
    Ids,
    Missing,
    Not,
    Number,
    Reference,
    Sealed,
    Test,
    Text,
    Token,
    Updated,
    Uri,
)
from server.store.comparing import TABLE, RowTest, instant, looked_up, meets, table_of
from server.store.seals import is_sealed
from server.store.tables import resource, search_value

ROW_TESTS = (Token, Uri, Reference, Text, Date, Number)
Keys = Select[Any]
"""A statement that gives keys of resources."""


# -- as the statement that leads -------------------------------------------------------------


def keys(test: Test, type_: str) -> Keys | None:
    """The keys of all resources of a type that meet a test; None when it can only be looked up."""
    if isinstance(test, ROW_TESTS):
        row = table_of(test).alias()
        return select(row.c.resource_key).where(*of(row, type_, test.param), meets(test, row))
    match test:
        case Missing(missing=False):
            row = TABLE[test.kind].alias()
            return select(row.c.resource_key).where(*of(row, type_, test.param))
        case Chain():
            return _leading_chain(test, type_)
        case Has():
            return _leading_has(test, type_)
        case Ids() | Updated():
            own = resource.alias()
            return select(own.c.key).where(own.c.type == type_, _own(test, own))
        case AnyOf():
            return _any_leads(test.tests, type_)
        case _:
            return None


def _any_leads(tests: Sequence[Test], type_: str) -> Keys | None:
    """One after the other, when each of them leads; some keys may come twice."""
    leading = [each for test in tests if (each := keys(test, type_)) is not None]
    if not leading or len(leading) < len(tests):
        return None
    return select(union_all(*leading).subquery().c[0])


def of(row: Any, type_: str, param: str) -> tuple[ColumnElement[bool], ...]:
    return row.c.type == type_, row.c.param == param


def _leading_chain(test: Chain, type_: str) -> Keys:
    target, row = resource.alias(), search_value.alias()
    there = target.c.type == test.type, target.c.deleted.is_(False)
    meets_all = [_of_target(each, test.type, target) for each in test.where]
    named = literal(f"{test.type}/").concat(target.c.id)
    return select(row.c.resource_key).where(
        *of(row, type_, test.param), row.c.value.in_(select(named).where(*there, *meets_all))
    )


def _of_target(test: Test, type_: str, target: Any) -> ColumnElement[bool]:
    leading = keys(test, type_)
    return holds(test, type_, target.c.key) if leading is None else target.c.key.in_(leading)


def _leading_has(test: Has, type_: str) -> Keys:
    own, row = resource.alias(), search_value.alias()
    inner = [_of_target(each, test.type, _Keyed(row.c.resource_key)) for each in test.where]
    prefix = f"{type_}/"
    ids = select(func.substr(row.c.value, len(prefix) + 1)).where(
        *of(row, test.type, test.param), _begins(row.c.value, prefix), *inner
    )
    return select(own.c.key).where(own.c.type == type_, own.c.id.in_(ids))


def _begins(value: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
    """Not LIKE, for which SQLite takes small letters and capitals as the same, PostgreSQL does not."""
    begins: ColumnElement[bool] = func.substr(value, 1, len(prefix)) == prefix
    return begins


class _Keyed:
    """Something with a column ``key``: a row that stands for its resource."""

    def __init__(self, key: ColumnElement[Any]) -> None:
        self.c = self
        self.key = key


# -- as a condition on one resource ----------------------------------------------------------


def holds(test: Test, type_: str, key: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the resource with this key, of this type, meets a test."""
    if isinstance(test, ROW_TESTS):
        return _some(test, type_, key)
    match test:
        case Missing():
            row = TABLE[test.kind].alias()
            has_it = looked_up(row.c.resource_key == key, *of(row, type_, test.param))
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
        case Ids() | Updated() | Sealed():
            return _itself(test, type_, key)


def _itself(test: Ids | Updated | Sealed, type_: str, key: ColumnElement[Any]) -> ColumnElement[bool]:
    if isinstance(test, Sealed):
        return is_sealed(type_, key)
    own = resource.alias()
    return looked_up(own.c.key == key, _own(test, own))


def _own(test: Ids | Updated, own: Any) -> ColumnElement[bool]:
    if isinstance(test, Ids):
        condition: ColumnElement[bool] = own.c.id.in_(test.any_of)
        return condition
    return or_(false(), *(instant(each, own.c.updated_at) for each in test.any_of))


def _some(test: RowTest, type_: str, key: ColumnElement[Any]) -> ColumnElement[bool]:
    row = table_of(test).alias()
    return looked_up(row.c.resource_key == key, *of(row, type_, test.param), meets(test, row))


def _together(tests: Sequence[Test], type_: str, key: ColumnElement[Any]) -> ColumnElement[bool]:
    """Components of one composite, met by values of the same part."""
    rows, conditions = list[Any](), list[ColumnElement[bool]]()
    for test in tests:
        if not isinstance(test, ROW_TESTS):
            raise TypeError("a composite has components with values")
        row = table_of(test).alias()
        conditions += [row.c.resource_key == key, *of(row, type_, test.param), meets(test, row)]
        conditions += [row.c.part == rows[0].c.part] if rows else []
        rows.append(row)
    return looked_up(*conditions)


def _leads_to(test: Chain, type_: str, key: ColumnElement[Any]) -> ColumnElement[bool]:
    target, row = resource.alias(), search_value.alias()
    prefix = f"{test.type}/"
    return looked_up(
        row.c.resource_key == key,
        *of(row, type_, test.param),
        _begins(row.c.value, prefix),
        target.c.type == test.type,
        target.c.id == func.substr(row.c.value, len(prefix) + 1),
        target.c.deleted.is_(False),
        *(holds(each, test.type, target.c.key) for each in test.where),
    )


def _is_referred_to(test: Has, type_: str, key: ColumnElement[Any]) -> ColumnElement[bool]:
    own, row = resource.alias(), search_value.alias()
    return looked_up(
        own.c.key == key,
        *of(row, test.type, test.param),
        row.c.value == literal(f"{type_}/").concat(own.c.id),
        *(holds(each, test.type, row.c.resource_key) for each in test.where),
    )
