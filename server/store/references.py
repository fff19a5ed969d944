"""Which current resource refers to which: nothing is deleted that another one needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    exists,
    func,
    insert,
    not_,
    or_,
    select,
)

from server.errors import Category, fault
from server.ports import Around, Raced, ResourceWrite, Stretch
from server.store.cases import resting_on
from server.store.holding import holds
from server.store.prepared import Prepared
from server.store.tables import reference, resource
from server.store.versions import CURRENT, selected

_TARGET = Prepared(
    select(resource.c.key, resource.c.deleted)
    .where(resource.c.type == bindparam("t"), resource.c.id == bindparam("i"))
    .with_for_update(read=True)  # where writers run side by side, nobody deletes it before our commit
)
_FORGET = Prepared(delete(reference).where(reference.c.resource_key == bindparam("key")))
_KEEP = Prepared(insert(reference).values({c.name: bindparam(c.name) for c in reference.c}))


def keep(connection: Connection, key: int, write: ResourceWrite) -> None:
    """Keep what a new version refers to, and forget what the one before did.

    Raises:
        Raced: one of the targets has been deleted meanwhile.
    """
    if write.version > 1:
        _FORGET.run(connection, key=key)
    targets = set[int]()
    for each in write.references:
        type_, _, id_ = each.partition("/")
        found = _TARGET.run(connection, t=type_, i=id_).fetchone()
        if found is not None and found[1]:
            raise Raced
        if found is not None:
            targets.add(found[0])
    _KEEP.run_rows(connection, [(target, key) for target in sorted(targets)])


def referrers(connection: Connection, type_: str, id_: str) -> Mapping[str, int]:
    """How many other current resources refer to this one, by type."""
    target = _key(type_, id_)
    query = (
        select(resource.c.type, func.count())
        .join(reference, reference.c.resource_key == resource.c.key)
        .where(reference.c.target_key == target, reference.c.resource_key != target)
        .group_by(resource.c.type)
        .order_by(resource.c.type)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def demand_unneeded(connection: Connection, deletion: ResourceWrite) -> None:
    """Raises Raced when something refers to what has been deleted, or an open case rests on it."""
    needed = referrers(connection, deletion.type, deletion.id)
    if needed or resting_on(connection, deletion.type, deletion.id, deletion.patient):
        raise Raced


def around(connection: Connection, wanted: Around) -> Stretch:
    """``server.ports.Shelf.around``."""
    query = (
        CURRENT.add_columns(resource.c.key)
        .where(
            resource.c.key.in_(_belonging(wanted)),
            resource.c.key > _after(wanted.after),
            resource.c.deleted.is_(False),
            resource.c.type.in_(wanted.types),
        )
        .order_by(resource.c.key)
        .limit(wanted.limit + 1)
    )
    if wanted.since is not None:
        query = query.where(resource.c.updated_at >= wanted.since)
    rows = connection.execute(query).all()
    found = rows[: wanted.limit]
    ends = tuple(str(row[6]) for row in found)
    more = len(rows) > wanted.limit and found
    return Stretch(tuple(selected(row) for row in found), ends[-1] if more else None, ends)


def _belonging(wanted: Around) -> Any:
    """The keys of all of it: whoever leads here is looked up, nobody else is looked at."""
    root = select(_key(wanted.type, wanted.id))
    direct = select(reference.c.resource_key).where(
        reference.c.target_key.in_(root), *_there(wanted, reference.c.resource_key)
    )
    near = _of_types(_targets_of(root.union_all(direct)), wanted)
    return root.union_all(direct, near, _of_types(_targets_of(near), wanted))


def _targets_of(sources: Any) -> Any:
    return select(reference.c.target_key).where(reference.c.resource_key.in_(sources))


def _of_types(keys: Any, wanted: Around) -> Any:
    named = resource.alias()
    return select(named.c.key).where(
        named.c.key.in_(keys), named.c.type.in_(wanted.beside), *_there(wanted, named.c.key)
    )


def _there(wanted: Around, key: ColumnElement[Any]) -> Iterator[ColumnElement[bool]]:
    """Nothing comes along by what is not to be there."""
    for type_, test in wanted.meeting.items():
        named = resource.alias()
        of_type = exists().where(named.c.key == key, named.c.type == type_)
        yield or_(not_(of_type), holds(test, type_, key))


def _key(type_: str, id_: str) -> Any:
    named = resource.alias()
    return select(named.c.key).where(named.c.type == type_, named.c.id == id_).scalar_subquery()


def _after(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise fault(Category.INCORRECT, "invalid", "this is no page that was linked to; begin again")
    return int(text)
