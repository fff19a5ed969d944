"""What has been: the versions of one resource, of a type or of all, newest first, read page by page.

Each page is asked for by the place where the one before ended, so it is as fast as the first, and
what is written meanwhile neither doubles nor hides anything older.
"""

from __future__ import annotations

import re
from heapq import merge
from itertools import islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
)

from server.errors import Category, Fault, fault
from server.ports import Past, Stored, Stretch
from server.store.holding import holds
from server.store.prepared import Prepared
from server.store.tables import resource, resource_version
from server.store.versions import VERSION, stored

_PLACE = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,9})")
_COLUMNS = (
    type_coerce(resource_version.c.updated_at, BigInteger),
    resource_version.c.resource_key,
    resource_version.c.version,
)
_IN_TIME = (resource_version.c.updated_at, resource_version.c.resource_key, resource_version.c.version)
_Place = tuple[int, int, int]
"""Microseconds, key of the resource, version."""
_ONE = Prepared(
    VERSION.where(
        resource_version.c.resource_key == bindparam("key"), resource_version.c.version == bindparam("v")
    )
)


def stretch(connection: Connection, past: Past) -> Stretch:
    """``server.ports.Shelf.history``."""
    places = _places_of_one(connection, past) if past.id is not None else _places(connection, past)
    found = places[: past.limit]
    ends = tuple(".".join(map(str, each)) for each in found)
    more = len(places) > past.limit and found
    return Stretch(tuple(_version(connection, each) for each in found), ends[-1] if more else None, ends)


def _places_of_one(connection: Connection, past: Past) -> list[_Place]:
    """By version: of one resource it tells what came after what, whatever the clocks said."""
    query = (
        select(*_COLUMNS)
        .join(resource, resource.c.key == resource_version.c.resource_key)
        .where(resource.c.type == past.types[0], resource.c.id == past.id, *_when(past))
        .order_by(resource_version.c.version.desc())
        .limit(past.limit + 1)
    )
    if past.after is not None:
        query = query.where(resource_version.c.version < _place(past.after)[2])
    return _run(connection, query)


def _places(connection: Connection, past: Past) -> list[_Place]:
    """Of each type the newest, and of these the newest: one short walk along an index for each type."""
    each = [_run(connection, _of_type(type_, past)) for type_ in past.types]
    return list(islice(merge(*each, reverse=True), past.limit + 1))


def _of_type(type_: str, past: Past) -> Select[Any]:
    query = (
        select(*_COLUMNS)
        .where(resource_version.c.type == type_, *_when(past), *_meeting(type_, past))
        .order_by(*(column.desc() for column in _IN_TIME))
        .limit(past.limit + 1)
    )
    if past.after is not None:
        query = query.where(
            tuple_(*_COLUMNS) < tuple_(*(literal(each, BigInteger()) for each in _place(past.after)))
        )
    return query


def _meeting(type_: str, past: Past) -> list[ColumnElement[bool]]:
    """What it was when it was deleted, no index holds: whoever asks looks at that itself."""
    if type_ not in past.meeting:
        return []
    key, now = resource_version.c.resource_key, resource.alias()
    deleted = exists().where(now.c.key == key, now.c.deleted.is_(True))
    return [or_(deleted, holds(past.meeting[type_], type_, key))]


def _when(past: Past) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if past.since is not None:
        conditions.append(resource_version.c.updated_at >= past.since)
    if past.during is not None:
        begin, end = past.during
        later = resource_version.alias()
        gone_before = exists().where(
            later.c.resource_key == resource_version.c.resource_key,
            later.c.version == resource_version.c.version + 1,
            later.c.updated_at <= begin,
        )
        conditions.append(and_(resource_version.c.updated_at < end, ~gone_before))
    return conditions


def _run(connection: Connection, query: Select[Any]) -> list[_Place]:
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def _version(connection: Connection, place: _Place) -> Stored:
    return stored(_ONE.run(connection, key=place[1], v=place[2]).fetchone())


def _place(text: str) -> _Place:
    match = _PLACE.fullmatch(text)
    if match is None:
        raise _no_place()
    return int(match[1]), int(match[2]), int(match[3])


def _no_place() -> Fault:
    return fault(Category.INCORRECT, "invalid", "this is no page that was linked to; begin again")
