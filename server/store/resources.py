"""FHIR resources: versions and their search values. What is here has been acknowledged or will be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same words for what it adds

from server.ports import Absent, Criterion, Raced, ResourceWrite, Shelf, Stored
from server.query import Page, Query
from server.store import indexing, pages
from server.store.comparing import looked_up
from server.store.database import Database
from server.store.folding import short
from server.store.prepared import Prepared
from server.store.scratch import Scratch
from server.store.tables import Instant, moment, resource, resource_version, search_value

_CURRENT = select(
    resource.c.type, resource.c.id, resource.c.version, resource_version.c.updated_at, resource_version.c.body
).join(
    resource_version,
    and_(resource_version.c.resource_key == resource.c.key, resource_version.c.version == resource.c.version),
)
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
_READ = Prepared(_CURRENT.where(resource.c.type == bindparam("t"), resource.c.id == bindparam("i")))
_HISTORY = Prepared(_VERSIONS)
_VREAD = Prepared(_VERSIONS.where(resource_version.c.version == bindparam("v")))
_CREATE = Prepared(
    insert(resource)
    .values({name: bindparam(name) for name in ("type", "id", "version", "updated_at")})
    .on_conflict_do_nothing()
    .returning(resource.c.key)
)
_ADVANCE = Prepared(
    update(resource)
    .where(
        resource.c.type == bindparam("t"),
        resource.c.id == bindparam("i"),
        resource.c.version == bindparam("before"),
    )
    .values(version=bindparam("after"), updated_at=bindparam("at", type_=Instant()))
    .returning(resource.c.key)
)
_KEEP = Prepared(insert(resource_version).values({c.name: bindparam(c.name) for c in resource_version.c}))


class Resources:
    """The reading side, as the doors and the steps see it (``server.ports.Shelf``)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._scratch = database.scratch

    def read(self, type_: str, id_: str, version: int | None = None) -> Stored | None:
        return self._database.read(lambda connection: read(connection, type_, id_, version))

    def search(self, type_: str, criteria: Sequence[Criterion], limit: int) -> list[Stored]:
        return self._database.read(lambda connection: search(connection, type_, criteria, limit))

    def find(self, query: Query, limit: int) -> list[Stored]:
        return self._database.read(lambda connection: pages.find(connection, query, limit))

    def count(self, query: Query, at_most: int) -> int:
        return self._database.read(lambda connection: pages.count(connection, query, at_most))

    def page(self, query: Query, count: int, token: str | None = None) -> Page | None:
        return self._database.read(lambda c: pages.page(c, self._scratch, query, count, token))

    def fetch(self, entries: Sequence[tuple[str, str, int]]) -> list[Stored]:
        return self._database.read(lambda connection: fetch(connection, entries))

    def history(self, type_: str, id_: str) -> list[Stored]:
        return self._database.read(lambda connection: history(connection, type_, id_))

    @contextmanager
    def snapshot(self) -> Iterator[Shelf]:
        """The same shelf, standing still: everything read inside is of one moment."""
        with self._database.reading() as connection:
            yield _Snapshot(connection, self._scratch)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    connection: Connection
    scratch: Scratch

    def read(self, type_: str, id_: str, version: int | None = None) -> Stored | None:
        return read(self.connection, type_, id_, version)

    def search(self, type_: str, criteria: Sequence[Criterion], limit: int) -> list[Stored]:
        return search(self.connection, type_, criteria, limit)

    def find(self, query: Query, limit: int) -> list[Stored]:
        return pages.find(self.connection, query, limit)

    def count(self, query: Query, at_most: int) -> int:
        return pages.count(self.connection, query, at_most)

    def page(self, query: Query, count: int, token: str | None = None) -> Page | None:
        return pages.page(self.connection, self.scratch, query, count, token)

    def fetch(self, entries: Sequence[tuple[str, str, int]]) -> list[Stored]:
        return fetch(self.connection, entries)

    def history(self, type_: str, id_: str) -> list[Stored]:
        return history(self.connection, type_, id_)

    def snapshot(self) -> AbstractContextManager[Shelf]:
        return nullcontext(self)


def read(connection: Connection, type_: str, id_: str, version: int | None = None) -> Stored | None:
    if version is None:
        row = _READ.run(connection, t=type_, i=id_).fetchone()
    else:
        row = _VREAD.run(connection, t=type_, i=id_, v=version).fetchone()
    return None if row is None else _stored(row)


def fetch(connection: Connection, entries: Sequence[tuple[str, str, int]]) -> list[Stored]:
    """These versions, in this order; without those whose resource is gone."""
    found = [_VREAD.run(connection, t=t, i=i, v=v).fetchone() for t, i, v in entries]
    return [_stored(row) for row in found if row is not None]


def history(connection: Connection, type_: str, id_: str) -> list[Stored]:
    return [_stored(row) for row in _HISTORY.run(connection, t=type_, i=id_)]


def search(connection: Connection, type_: str, criteria: Sequence[Criterion], limit: int) -> list[Stored]:
    found = _search(_shape(criteria)).run(connection, t=type_, limit=limit, **_values(criteria))
    return [_stored(row) for row in found]


def demand_absent(connection: Connection, absent: Absent) -> None:
    """Raises Raced when something matches after all."""
    found = _any(_shape(absent.criteria)).run(connection, t=absent.type, **_values(absent.criteria))
    if found.fetchone()[0]:
        raise Raced


def apply(connection: Connection, writes: Sequence[ResourceWrite], arrival_id: str | None) -> None:
    """Write new versions with their search values.

    Raises:
        Raced: another version was committed meanwhile.
    """
    latest: dict[int, ResourceWrite] = {}
    for write in writes:
        key = _advance(connection, write)
        _KEEP.run(
            connection,
            resource_key=key,
            version=write.version,
            updated_at=write.updated_at,
            body=write.body,
            arrival_id=arrival_id,
        )
        latest[key] = write  # of several versions in one commit the last one is searched for
    for key, write in latest.items():
        indexing.index(connection, key, write.type, write.index, anew=write.version > 1)


def _advance(connection: Connection, write: ResourceWrite) -> int:
    if write.version == 1:
        made = _CREATE.run(
            connection, type=write.type, id=write.id, version=1, updated_at=write.updated_at
        ).fetchone()
    else:
        made = _ADVANCE.run(
            connection,
            t=write.type,
            i=write.id,
            before=write.version - 1,
            after=write.version,
            at=write.updated_at,
        ).fetchone()
    if made is None:
        raise Raced
    return int(made[0])


# -- searching -----------------------------------------------------------------------------

_Shape = tuple[tuple[bool, tuple[bool, ...]], ...]
"""For each criterion: whether it asks for ids, and for each of its values whether it names a system."""


def _shape(criteria: Sequence[Criterion]) -> _Shape:
    return tuple(
        (each.param == "_id", tuple(system is not None for system, _ in each.values)) for each in criteria
    )


def _values(criteria: Sequence[Criterion]) -> dict[str, Any]:
    bound: dict[str, Any] = {}
    for c, criterion in enumerate(criteria):
        bound[f"p{c}"] = criterion.param
        for v, (system, value) in enumerate(criterion.values):
            bound[f"v{c}_{v}"] = short(value)
            bound[f"s{c}_{v}"] = None if system is None else short(system)
    return bound


@lru_cache(maxsize=512)
def _search(shape: _Shape) -> Prepared:
    """The statement for criteria of one shape: AND between criteria, OR between their values."""
    return Prepared(_matching(_CURRENT, shape).order_by(resource.c.key).limit(bindparam("limit")))


@lru_cache(maxsize=512)
def _any(shape: _Shape) -> Prepared:
    """Whether anything matches; nothing of it is read."""
    return Prepared(select(exists(_matching(select(resource.c.key), shape))))


def _matching(query: Select[Any], shape: _Shape) -> Select[Any]:
    """A search value knows the type of its resource. Told twice, SQLite reads every resource of that type
    and looks whether it is among those found, instead of reading those found.
    """
    if not shape or any(ids for ids, _ in shape):
        query = query.where(resource.c.type == bindparam("t"))
    led = False
    for c, (ids, systems) in enumerate(shape):
        names: list[Any] = [bindparam(f"v{c}_{v}") for v in range(len(systems))]
        if ids:
            query = query.where(or_(*(resource.c.id == name for name in names)))
            continue
        any_of = or_(
            *(
                and_(search_value.c.value == name, search_value.c.system == bindparam(f"s{c}_{v}"))
                if systems[v]
                else search_value.c.value == name
                for v, name in enumerate(names)
            )
        )
        named = search_value.c.type == bindparam("t"), search_value.c.param == bindparam(f"p{c}"), any_of
        if led:
            query = query.where(looked_up(search_value.c.resource_key == resource.c.key, *named))
        else:
            query = query.where(resource.c.key.in_(select(search_value.c.resource_key).where(*named)))
            led = True
    return query


def _stored(row: Any) -> Stored:
    return Stored(row[0], row[1], row[2], moment(row[3]), bytes(row[4]))
