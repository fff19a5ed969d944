"""FHIR resources: versions and their search values. What is here has been acknowledged or will be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, delete, insert, or_, select, update

from server.ports import Absent, Criterion, Raced, ResourceWrite, Stored
from server.store.database import Database
from server.store.tables import resource, resource_version, search_value

_CURRENT = select(
    resource.c.type, resource.c.id, resource.c.version, resource_version.c.updated_at, resource_version.c.body
).join(
    resource_version,
    and_(resource_version.c.resource_key == resource.c.key, resource_version.c.version == resource.c.version),
)
_READ = _CURRENT.where(resource.c.type == bindparam("t"), resource.c.id == bindparam("i"))
_VERSIONS = (
    select(
        resource.c.type,
        resource.c.id,
        resource_version.c.version,
        resource_version.c.updated_at,
        resource_version.c.body,
    )
    .join(resource_version, resource_version.c.resource_key == resource.c.key)
    .where(resource.c.type == bindparam("t"), resource.c.id == bindparam("i"))
    .order_by(resource_version.c.version.desc())
)


class Resources:
    """The reading side, as the doors and the steps see it (``server.ports.Shelf``)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, type_: str, id_: str, version: int | None = None) -> Stored | None:
        return self._database.read(lambda connection: read(connection, type_, id_, version))

    def search(self, type_: str, criteria: Sequence[Criterion], limit: int) -> list[Stored]:
        return self._database.read(lambda connection: search(connection, type_, criteria, limit))

    def history(self, type_: str, id_: str) -> list[Stored]:
        return self._database.read(
            lambda connection: [_stored(row) for row in connection.execute(_VERSIONS, {"t": type_, "i": id_})]
        )


def read(connection: Connection, type_: str, id_: str, version: int | None = None) -> Stored | None:
    if version is None:
        row = connection.execute(_READ, {"t": type_, "i": id_}).one_or_none()
    else:
        query = _VERSIONS.where(resource_version.c.version == version)
        row = connection.execute(query, {"t": type_, "i": id_}).one_or_none()
    return None if row is None else _stored(row)


def search(connection: Connection, type_: str, criteria: Sequence[Criterion], limit: int) -> list[Stored]:
    query = _matching(_CURRENT.where(resource.c.type == type_), type_, criteria)
    rows = connection.execute(query.order_by(resource.c.key).limit(limit))
    return [_stored(row) for row in rows]


def demand_absent(connection: Connection, absent: Absent) -> None:
    """Raises Raced when something matches after all."""
    query = _matching(
        select(resource.c.key).where(resource.c.type == absent.type), absent.type, absent.criteria
    )
    if connection.execute(query.limit(1)).first() is not None:
        raise Raced


def apply(connection: Connection, writes: Sequence[ResourceWrite], arrival_id: str | None) -> None:
    """Write new versions with their search values.

    Raises:
        Raced: another version was committed meanwhile.
    """
    keys = [_advance(connection, write) for write in writes]
    if not writes:
        return
    connection.execute(
        insert(resource_version),
        [
            {
                "resource_key": key,
                "version": write.version,
                "updated_at": write.updated_at,
                "body": write.body,
                "arrival_id": arrival_id,
            }
            for key, write in zip(keys, writes, strict=True)
        ],
    )
    _index(connection, keys, writes)


def _advance(connection: Connection, write: ResourceWrite) -> int:
    made: Any
    if write.version == 1:
        made = insert(resource).values(type=write.type, id=write.id, version=1, updated_at=write.updated_at)
        made = made.prefix_with("OR IGNORE", dialect="sqlite").returning(resource.c.key)
    else:
        made = (
            update(resource)
            .where(
                resource.c.type == write.type,
                resource.c.id == write.id,
                resource.c.version == write.version - 1,
            )
            .values(version=write.version, updated_at=write.updated_at)
            .returning(resource.c.key)
        )
    row = connection.execute(made).one_or_none()
    if row is None:
        raise Raced
    return int(row[0])


def _index(connection: Connection, keys: Sequence[int], writes: Sequence[ResourceWrite]) -> None:
    renewed = [key for key, write in zip(keys, writes, strict=True) if write.version > 1]
    if renewed:
        connection.execute(delete(search_value).where(search_value.c.resource_key.in_(renewed)))
    # The last write of one resource wins: several versions may be written in one commit.
    latest = dict(zip(keys, writes, strict=True))
    rows: list[dict[str, Any]] = [
        {
            "type": write.type,
            "param": row.param,
            "value": row.value,
            "system": row.system,
            "resource_key": key,
        }
        for key, write in latest.items()
        for row in dict.fromkeys(write.index)
    ]
    if rows:
        connection.execute(insert(search_value), rows)


def _matching(query: Select[Any], type_: str, criteria: Sequence[Criterion]) -> Select[Any]:
    for criterion in criteria:
        if criterion.param == "_id":
            query = query.where(resource.c.id.in_([value for _, value in criterion.values]))
            continue
        any_of = or_(
            *(
                search_value.c.value == value
                if system is None
                else and_(search_value.c.value == value, search_value.c.system == system)
                for system, value in criterion.values
            )
        )
        query = query.where(
            resource.c.key.in_(
                select(search_value.c.resource_key).where(
                    search_value.c.type == type_, search_value.c.param == criterion.param, any_of
                )
            )
        )
    return query


def _stored(row: Any) -> Stored:
    return Stored(type=row[0], id=row[1], version=row[2], updated_at=row[3], body=bytes(row[4]))
