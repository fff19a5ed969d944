"""Searches by tokens, references and ids alone, each shape of them one prepared statement.

Every write asks such questions (is this identifier here already?), most of them under the lock.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, or_, select

from server.ports import Stored
from server.query import Ids, Query, Reference, Token
from server.store.folding import short
from server.store.prepared import Prepared
from server.store.tables import resource, search_value
from server.store.versions import CURRENT, stored

Shape = tuple[tuple[bool, tuple[bool, ...]], ...]
"""For each test: whether it asks for ids, and for each of its values whether it names a system."""


def shape(query: Query) -> Shape | None:
    """The shape of a query; None when it asks for more than tokens, references and ids."""
    found = []
    for test in query.where:
        if isinstance(test, Token) and all(code is not None for _, code in test.any_of):
            found.append((False, tuple(system is not None for system, _ in test.any_of)))
        elif isinstance(test, Reference | Ids):
            found.append((isinstance(test, Ids), (False,) * len(test.any_of)))
        else:
            return None
    return None if query.sort or not all(values for _, values in found) else tuple(found)


def find(connection: Connection, query: Query, of: Shape, limit: int) -> list[Stored]:
    """The first ``limit`` that match, as they are now, oldest first."""
    rows = _statement(of).run(connection, t=query.type, limit=limit, **_bound(query))
    return [stored(row) for row in rows]


def _bound(query: Query) -> dict[str, Any]:
    bound: dict[str, Any] = {}
    for t, test in enumerate(query.where):
        if isinstance(test, Token):
            bound[f"p{t}"] = test.param
            for v, (system, code) in enumerate(test.any_of):
                bound[f"v{t}_{v}"] = short(code or "")
                bound[f"s{t}_{v}"] = short(system or "")
        elif isinstance(test, Reference):
            bound[f"p{t}"] = test.param
            bound |= {f"v{t}_{v}": short(target) for v, target in enumerate(test.any_of)}
        elif isinstance(test, Ids):
            bound |= {f"v{t}_{v}": id_ for v, id_ in enumerate(test.any_of)}
    return bound


@lru_cache(maxsize=512)
def _statement(of: Shape) -> Prepared:
    """AND between tests, OR between their values."""
    query: Select[Any] = CURRENT.where(resource.c.type == bindparam("t"), resource.c.deleted.is_(False))
    for t, (ids, systems) in enumerate(of):
        names: list[Any] = [bindparam(f"v{t}_{v}") for v in range(len(systems))]
        if ids:
            query = query.where(or_(*(resource.c.id == name for name in names)))
            continue
        any_of = or_(
            *(
                and_(search_value.c.value == name, search_value.c.system == bindparam(f"s{t}_{v}"))
                if systems[v]
                else search_value.c.value == name
                for v, name in enumerate(names)
            )
        )
        matching = select(search_value.c.resource_key).where(
            search_value.c.type == bindparam("t"), search_value.c.param == bindparam(f"p{t}"), any_of
        )
        query = query.where(resource.c.key.in_(matching))
    return Prepared(query.order_by(resource.c.key).limit(bindparam("limit")))
