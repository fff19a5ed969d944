"""Whether anything of some types has changed, and what stands there now: for whoever keeps them in memory.

Each write makes one version one higher, so the sum of all versions grows with every commit that can be seen,
in whichever order commits come; a time or the newest row would miss the one that comes late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, func, select

from server.store.prepared import Prepared
from server.store.tables import resource

_MOVES = Prepared(
    select(func.coalesce(func.sum(resource.c.version), 0)).where(resource.c.type == bindparam("t"))
)
_VERSIONS = Prepared(
    select(resource.c.id, resource.c.version)
    .where(resource.c.type == bindparam("t"), resource.c.deleted.is_(False))
    .order_by(resource.c.key)
)


def moves(connection: Connection, types: Sequence[str]) -> int:
    """``server.ports.Shelf``."""
    return sum(int(_MOVES.run(connection, t=type_).fetchone()[0]) for type_ in types)


def versions(connection: Connection, types: Sequence[str]) -> Mapping[tuple[str, str], int]:
    """``server.ports.Shelf``."""
    return {(type_, row[0]): row[1] for type_ in types for row in _VERSIONS.run(connection, t=type_)}
