"""FHIR resources: versions and their search values. What is here has been acknowledged or will be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from sqlalchemy import Boolean, Connection, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same words for what it adds

from server.model import ResourceKey
from server.ports import Absent, Around, Method, Past, Raced, ResourceWrite, Shelf, Stored, Stretch, Watched
from server.query import NEVER, Page, Query
from server.store import history, indexing, pages, plain, references, standing
from server.store.cases import asking, resting_on
from server.store.columns import Instant
from server.store.database import Database
from server.store.prepared import Prepared
from server.store.scratch import Scratch
from server.store.tables import resource, resource_version
from server.store.versions import CURRENT, VERSION, stored

_READ = Prepared(CURRENT.where(resource.c.type == bindparam("t"), resource.c.id == bindparam("i")))
_VREAD = Prepared(
    VERSION.where(
        resource.c.type == bindparam("t"),
        resource.c.id == bindparam("i"),
        resource_version.c.version == bindparam("v"),
    )
)
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
    .values(
        version=bindparam("after"),
        updated_at=bindparam("at", type_=Instant()),
        deleted=bindparam("deleted", type_=Boolean()),
    )
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

    def newest(self, type_: str, id_: str) -> Stored | None:
        return self._database.read(lambda connection: newest(connection, type_, id_))

    def history(self, past: Past) -> Stretch:
        return self._database.read(lambda connection: history.stretch(connection, past))

    def around(self, around: Around) -> Stretch:
        return self._database.read(lambda connection: references.around(connection, around))

    def referrers(self, type_: str, id_: str) -> Mapping[str, int]:
        return self._database.read(lambda connection: references.referrers(connection, type_, id_))

    def resting_on(self, type_: str, id_: str, patient: str | None) -> str | None:
        return self._database.read(lambda connection: resting_on(connection, type_, id_, patient))

    def asking(self, report: str, question: str) -> str | None:
        return self._database.read(lambda connection: asking(connection, report, question))

    def moves(self, types: Sequence[str]) -> int:
        return self._database.read(lambda connection: standing.moves(connection, types))

    def versions(self, types: Sequence[str]) -> Mapping[tuple[str, str], int]:
        return self._database.read(lambda connection: standing.versions(connection, types))

    def find(self, query: Query, limit: int) -> list[Stored]:
        return self._database.read(lambda connection: find(connection, query, limit))

    def count(self, query: Query, at_most: int) -> int:
        return self._database.read(lambda connection: pages.count(connection, query, at_most))

    def page(self, query: Query, count: int, token: str | None = None) -> Page | None:
        return self._database.read(lambda c: pages.page(c, self._scratch, query, count, token))

    def fetch(self, entries: Sequence[tuple[str, str, int]]) -> list[Stored]:
        return self._database.read(lambda connection: fetch(connection, entries))

    @contextmanager
    def snapshot(self) -> Iterator[Shelf]:
        """The same shelf, standing still: everything read inside is of one moment."""
        with self._database.reading() as connection:
            yield _Snapshot(connection, self._scratch)

    @contextmanager
    def still(self) -> Iterator[Watched]:
        """``server.ports.Watched``: the same, for whoever keeps it in memory."""
        with self._database.reading() as connection:
            yield _Snapshot(connection, self._scratch)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    connection: Connection
    scratch: Scratch

    def read(self, type_: str, id_: str, version: int | None = None) -> Stored | None:
        return read(self.connection, type_, id_, version)

    def newest(self, type_: str, id_: str) -> Stored | None:
        return newest(self.connection, type_, id_)

    def history(self, past: Past) -> Stretch:
        return history.stretch(self.connection, past)

    def around(self, around: Around) -> Stretch:
        return references.around(self.connection, around)

    def referrers(self, type_: str, id_: str) -> Mapping[str, int]:
        return references.referrers(self.connection, type_, id_)

    def resting_on(self, type_: str, id_: str, patient: str | None) -> str | None:
        return resting_on(self.connection, type_, id_, patient)

    def asking(self, report: str, question: str) -> str | None:
        return asking(self.connection, report, question)

    def moves(self, types: Sequence[str]) -> int:
        return standing.moves(self.connection, types)

    def versions(self, types: Sequence[str]) -> Mapping[tuple[str, str], int]:
        return standing.versions(self.connection, types)

    def find(self, query: Query, limit: int) -> list[Stored]:
        return find(self.connection, query, limit)

    def count(self, query: Query, at_most: int) -> int:
        return pages.count(self.connection, query, at_most)

    def page(self, query: Query, count: int, token: str | None = None) -> Page | None:
        return pages.page(self.connection, self.scratch, query, count, token)

    def fetch(self, entries: Sequence[tuple[str, str, int]]) -> list[Stored]:
        return fetch(self.connection, entries)

    def snapshot(self) -> AbstractContextManager[Shelf]:
        return nullcontext(self)

    def still(self) -> AbstractContextManager[Watched]:
        return nullcontext(self)


def read(connection: Connection, type_: str, id_: str, version: int | None = None) -> Stored | None:
    if version is None:
        found = newest(connection, type_, id_)
        return None if found is None or found.deleted else found
    row = _VREAD.run(connection, t=type_, i=id_, v=version).fetchone()
    return None if row is None else stored(row)


def newest(connection: Connection, type_: str, id_: str) -> Stored | None:
    row = _READ.run(connection, t=type_, i=id_).fetchone()
    return None if row is None else stored(row)


def fetch(connection: Connection, entries: Sequence[tuple[str, str, int]]) -> list[Stored]:
    """These versions, in this order; without those whose resource is gone."""
    found = [_VREAD.run(connection, t=t, i=i, v=v).fetchone() for t, i, v in entries]
    return [stored(row) for row in found if row is not None]


def find(connection: Connection, query: Query, limit: int) -> list[Stored]:
    """The first ``limit`` of what matches, as it is now."""
    if NEVER in query.where:
        return []
    shape = plain.shape(query)
    if shape is None:
        return pages.find(connection, query, limit)
    return plain.find(connection, query, shape, limit)


def demand_absent(connection: Connection, absent: Absent) -> None:
    """Raises Raced when something matches after all."""
    shape = plain.shape(absent.query)
    if shape is None:
        there = bool(find(connection, absent.query, 1))
    else:
        there = plain.is_there(connection, absent.query, shape)
    if there:
        raise Raced


def apply(connection: Connection, writes: Sequence[ResourceWrite], arrival_id: str | None) -> None:
    """Write new versions with their search values and references.

    Raises:
        Raced: another version was committed meanwhile, or what one refers to has been deleted.
    """
    latest: dict[int, ResourceWrite] = {}
    for write in writes:
        key = _advance(connection, write)
        _KEEP.run(
            connection,
            resource_key=key,
            version=write.version,
            type=write.type,
            updated_at=write.updated_at,
            method=write.method.value,
            body=write.body,
            arrival_id=arrival_id,
        )
        latest[key] = write  # of several versions in one commit the last one is searched for
    for key, write in latest.items():
        indexing.index(connection, key, write.type, write.index, anew=write.version > 1)
    for key, write in latest.items():  # once all of them are there: they may refer to one another
        references.keep(connection, key, write)


def demand_unchanged(connection: Connection, keys: Sequence[ResourceKey]) -> None:
    """Nobody changes these before our commit.

    Raises:
        Raced: one of them has another version than its key says.
    """
    for key in keys:
        query = select(resource.c.version).where(
            resource.c.type == key.type, resource.c.id == key.id, resource.c.deleted.is_(False)
        )
        if connection.execute(query.with_for_update()).scalar_one_or_none() != key.version:
            raise Raced


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
            deleted=write.method is Method.DELETE,
        ).fetchone()
    if made is None:
        raise Raced
    return int(made[0])
