"""Search values written anew for resources that are here already: after a release that finds more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Connection, and_, select

from server.query import Row
from server.store import indexing
from server.store.database import Database
from server.store.tables import resource, resource_version

_AT_ONCE = 100
"""Resources of one transaction: short, so that nobody waits who writes meanwhile."""


def reindex(database: Database, rows: Callable[[bytes], Sequence[Row]]) -> int:
    """Every current resource, oldest first; how many there were. Safe beside doors and workers."""
    count, last = 0, 0
    while True:
        done = database.write(partial(_some, after=last, rows=rows))
        if not done:
            return count
        count, last = count + len(done), done[-1]


def _some(connection: Connection, after: int, rows: Callable[[bytes], Sequence[Row]]) -> list[int]:
    current = and_(
        resource_version.c.resource_key == resource.c.key, resource_version.c.version == resource.c.version
    )
    kept = (  # where writers run side by side, nobody writes a new version before our commit
        select(resource.c.key)
        .where(resource.c.key > after, resource.c.deleted.is_(False))
        .order_by(resource.c.key)
        .limit(_AT_ONCE)
        .with_for_update(key_share=True)
    )
    keys = list(connection.execute(kept).scalars())
    asked = (
        select(resource.c.key, resource.c.type, resource_version.c.body)
        .join(resource_version, current)
        .where(resource.c.key.in_(keys))
    )
    for row in connection.execute(asked):
        indexing.index(connection, row.key, row.type, rows(bytes(row.body)), anew=True)
    return keys
