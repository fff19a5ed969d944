"""Results in stretches that stand still while data change (R4 http.html#paging).

The first thousand matches are kept as they were, version by version. In the order of arrival the
search goes on behind them, up to the newest resource of its beginning: nothing comes twice, and what does
not change is not left out. What was kept is found only by the query that found it, whose tests say also
what its caller may see.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from server.ports import Stored
from server.query import Page, Query
from server.store.finding import Within, found
from server.store.scratch import Entry, Scratch
from server.store.tables import resource, resource_version

_KEPT = 1_000
_SORTED = 10_000
"""So many of a sorted result are kept; what comes after them is not served."""
_HELD = re.compile(r"([0-9a-f-]{36})\.([0-9]{1,9})")
_ONWARD = re.compile(r"after\.([0-9]{1,18})\.([0-9]{1,18})")


def find(connection: Connection, query: Query, limit: int) -> list[Stored]:
    """The first ``limit`` of what matches, as it is now."""
    keys = found(connection, query, limit)
    bodies = _bodies(connection, keys)
    return [bodies[key] for key in keys]


def count(connection: Connection, query: Query, at_most: int) -> int:
    """How many match; ``at_most`` when it is that many or more."""
    return len(found(connection, Query(query.type, query.where), at_most))


def page(
    connection: Connection, scratch: Scratch, query: Query, size: int, token: str | None = None
) -> Page | None:
    """The stretch that a token names, or the first; None when the token leads nowhere."""
    asked = _Asked(connection, scratch, query, size)
    if token is None:
        return _begin(asked, Within())
    if onward := _ONWARD.fullmatch(token):
        return _begin(asked, Within(int(onward[1]), int(onward[2])))
    named = _HELD.fullmatch(token)
    return _go_on(asked, named[1], int(named[2])) if named else None


@dataclass(frozen=True, slots=True)
class _Asked:
    connection: Connection
    scratch: Scratch
    query: Query
    size: int

    @property
    def name(self) -> str:
        return hashlib.sha256(repr(self.query).encode()).hexdigest()

    def page(self, entries: Sequence[Entry], total: int | None, following: str | None, **more: Any) -> Page:
        return Page(_named(self.connection, self.query.type, entries), total, following, **more)


def _begin(asked: _Asked, within: Within) -> Page:
    """Look, and keep what does not fit on the first page."""
    entries, more = _look(asked, within, _SORTED if asked.query.sort else _KEPT)
    total = None if more or within.after else len(entries)
    if len(entries) <= asked.size and not more:
        return asked.page(entries, total, None)
    onward = _top(asked, within) if more and not asked.query.sort else None
    name = asked.scratch.keep(asked.name, entries, total, onward)
    first = None if total is None and not asked.query.sort else f"{name}.0"
    return asked.page(entries[: asked.size], total, f"{name}.{asked.size}", first=first)


def _top(asked: _Asked, within: Within) -> int:
    """The newest resource when the search began: what comes later is not of its result."""
    newest = select(func.max(resource.c.key))
    return int(asked.connection.execute(newest).scalar_one()) if within.top is None else within.top


def _look(asked: _Asked, within: Within, most: int) -> tuple[list[Entry], bool]:
    keys = found(asked.connection, asked.query, most + 1, within)
    statement = select(resource.c.key, resource.c.version).where(resource.c.key.in_(keys[:most]))
    versions = {row.key: row.version for row in asked.connection.execute(statement)}
    return [(key, versions[key]) for key in keys[:most]], len(keys) > most


def _go_on(asked: _Asked, name: str, start: int) -> Page | None:
    held = asked.scratch.kept(name, asked.name, start, asked.size)
    if held is None:
        return None
    following = f"{name}.{start + asked.size}" if held.left else None
    if following is None and held.top is not None and held.entries:
        following = f"after.{held.entries[-1][0]}.{held.top}"
    cut = following is None and held.total is None and bool(asked.query.sort)
    before = f"{name}.{max(start - asked.size, 0)}" if start else None
    # Of a result that goes on behind what was kept, this may be any part.
    first = None if held.total is None and not asked.query.sort else f"{name}.0"
    return asked.page(held.entries, held.total, following, cut=cut, first=first, previous=before)


def _named(connection: Connection, type_: str, entries: Sequence[Entry]) -> tuple[tuple[str, str, int], ...]:
    """Keys as (type, id, version); what has been deleted since is left out."""
    keys = [key for key, _ in entries]
    asked = select(resource.c.key, resource.c.id).where(
        resource.c.key.in_(keys), resource.c.deleted.is_(False)
    )
    ids = {row.key: row.id for row in connection.execute(asked)}
    return tuple((type_, ids[key], version) for key, version in entries if key in ids)


def _bodies(connection: Connection, keys: Sequence[int]) -> dict[int, Stored]:
    asked = (
        select(
            resource.c.key,
            resource.c.type,
            resource.c.id,
            resource.c.version,
            resource_version.c.updated_at,
            resource_version.c.body,
        )
        .join(resource_version, resource_version.c.resource_key == resource.c.key)
        .where(resource_version.c.version == resource.c.version, resource.c.key.in_(keys))
    )
    return {
        row.key: Stored(row.type, row.id, row.version, row.updated_at, bytes(row.body))
        for row in connection.execute(asked)
    }
