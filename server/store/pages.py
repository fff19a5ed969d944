"""Results in stretches that stand still while data change (R4 http.html#paging).

The first thousands of matches are kept as they were, version by version. In the order of arrival the
search goes on behind them, up to the newest resource of its beginning: nothing comes twice, and what does
not change is not left out. What was kept is found only by the query that found it, whose tests say also
what its caller may see.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from server.ports import Stored
from server.query import Page, Query
from server.store.finding import matching
from server.store.scratch import Entry, Scratch
from server.store.tables import resource, resource_version

_KEPT = 5_000
_SORTED = 50_000
"""So many of a sorted result are kept; what comes after them is not served."""
_HELD = re.compile(r"([0-9a-f-]{36})\.([0-9]{1,9})")
_ONWARD = re.compile(r"after\.([0-9]{1,18})\.([0-9]{1,18})")


def find(connection: Connection, query: Query, limit: int) -> list[Stored]:
    """The first ``limit`` of what matches, as it is now."""
    found = connection.execute(matching(connection, query).limit(limit)).all()
    keys = [row.key for row in found]
    bodies = _bodies(connection, [(row.key, row.version) for row in found])
    return [bodies[key] for key in keys]


def count(connection: Connection, query: Query, at_most: int) -> int:
    """How many match; ``at_most`` when it is that many or more."""
    found = matching(connection, query).order_by(None).limit(at_most).subquery()
    return int(connection.execute(select(func.count()).select_from(found)).scalar_one())


def page(
    connection: Connection, scratch: Scratch, query: Query, size: int, token: str | None = None
) -> Page | None:
    """The stretch that a token names, or the first; None when the token leads nowhere."""
    asked = _Asked(connection, scratch, query, size)
    if token is None:
        return _begin(asked, 0, None)
    if onward := _ONWARD.fullmatch(token):
        return _begin(asked, int(onward[1]), int(onward[2]))
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

    def page(
        self, entries: Sequence[Entry], total: int | None, following: str | None, *, cut: bool = False
    ) -> Page:
        return Page(_named(self.connection, self.query.type, entries), total, following, cut)


def _begin(asked: _Asked, last: int, top: int | None) -> Page:
    """Look, and keep what does not fit on the first page; ``last`` and ``top`` bound the keys."""
    most = _SORTED if asked.query.sort else _KEPT
    found, more = _look(asked, last, top, most)
    total = None if more or last else len(found)
    if len(found) <= asked.size and not more:
        return asked.page(found, total, None)
    if more and top is None:
        top = int(asked.connection.execute(select(func.max(resource.c.key))).scalar_one())
    onward = top if more and not asked.query.sort else None
    name = asked.scratch.keep(asked.name, found, total, onward)
    return asked.page(found[: asked.size], total, f"{name}.{asked.size}")


def _look(asked: _Asked, last: int, top: int | None, most: int) -> tuple[list[Entry], bool]:
    statement = matching(asked.connection, asked.query).limit(most + 1)
    if top is not None:
        statement = statement.where(resource.c.key > last, resource.c.key <= top)
    found = [(row.key, row.version) for row in asked.connection.execute(statement)]
    return found[:most], len(found) > most


def _go_on(asked: _Asked, name: str, start: int) -> Page | None:
    held = asked.scratch.kept(name, asked.name, start, asked.size)
    if held is None:
        return None
    following = f"{name}.{start + asked.size}" if held.left else None
    if following is None and held.top is not None and held.entries:
        following = f"after.{held.entries[-1][0]}.{held.top}"
    cut = following is None and held.total is None and bool(asked.query.sort)
    return asked.page(held.entries, held.total, following, cut=cut)


def _named(connection: Connection, type_: str, entries: Sequence[Entry]) -> tuple[tuple[str, str, int], ...]:
    """Keys as (type, id, version); what has been deleted since is left out."""
    keys = [key for key, _ in entries]
    asked = select(resource.c.key, resource.c.id).where(
        resource.c.key.in_(keys), resource.c.deleted.is_(False)
    )
    ids = {row.key: row.id for row in connection.execute(asked)}
    return tuple((type_, ids[key], version) for key, version in entries if key in ids)


def _bodies(connection: Connection, entries: Sequence[Entry]) -> dict[int, Stored]:
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
        .where(
            resource_version.c.version == resource.c.version, resource.c.key.in_([key for key, _ in entries])
        )
    )
    return {
        row.key: Stored(row.type, row.id, row.version, row.updated_at, bytes(row.body))
        for row in connection.execute(asked)
    }
