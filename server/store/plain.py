"""Searches by tokens, references and ids alone, each shape of them one prepared statement.

Every write asks such questions (is this identifier here already?), most of them under the lock.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, exists, or_, select

from server.ports import Stored
from server.query import Ids, Query, Reference, Token
from server.store.comparing import looked_up
from server.store.folding import short
from server.store.prepared import Prepared, at_most
from server.store.tables import resource, search_value
from server.store.versions import CURRENT, stored

FEW = 2
"""Who writes asks for the one that matches, and whether it is the only one."""
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
    few = limit if limit <= FEW else None
    rows = statement(of, few).run(connection, t=query.type, limit=limit, **_bound(query))
    return [stored(row) for row in rows]


def is_there(connection: Connection, query: Query, of: Shape) -> bool:
    """Whether anything matches; nothing of it is read."""
    return bool(_any(of).run(connection, t=query.type, **_bound(query)).fetchone()[0])


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
def statement(of: Shape, few: int | None) -> Prepared:
    """What finds the resources of a query of this shape."""
    found = _matching(CURRENT, of).order_by(resource.c.key)
    return Prepared(at_most(found, few) if few is not None else found.limit(bindparam("limit")))


@lru_cache(maxsize=512)
def _any(of: Shape) -> Prepared:
    return Prepared(select(exists(_matching(select(resource.c.key), of))))


def _matching(query: Select[Any], of: Shape) -> Select[Any]:
    """AND between tests, OR between their values.

    A search value knows the type of its resource. Told twice, SQLite reads every resource of that type
    and looks whether it is among those found, instead of reading those found.
    """
    query = query.where(resource.c.deleted.is_(False))
    if not of or any(ids for ids, _ in of):
        query = query.where(resource.c.type == bindparam("t"))
    led = False
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
        named = search_value.c.type == bindparam("t"), search_value.c.param == bindparam(f"p{t}"), any_of
        if led:
            query = query.where(looked_up(search_value.c.resource_key == resource.c.key, *named))
        else:
            query = query.where(resource.c.key.in_(select(search_value.c.resource_key).where(*named)))
            led = True
    return query
