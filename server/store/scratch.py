"""What may be lost without harm: results that stand still while their pages are read.

Written without waiting for the disk, so that a search costs no flush: beside SQLite in a file of its
own, in PostgreSQL in an unlogged table, where every machine finds it.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    delete,
    insert,
    select,
)

from server.store.columns import Instant, word

_KEPT = timedelta(minutes=30)
"""How long somebody may take to read all pages."""
_ENTRY = struct.Struct("<qi")

metadata = MetaData()
hold = Table(
    "hold",
    metadata,
    Column("id", word(36), primary_key=True),
    Column("query", word(64), nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("total", Integer),
    Column("top", BigInteger),
    # Packed (key, version) of what matched, in order.
    Column("entries", LargeBinary, nullable=False),
    Index("hold_end", "ends_at"),
)

Entry = tuple[int, int]
"""(key of a resource, version)."""


@dataclass(frozen=True, slots=True)
class Held:
    """A stretch of a result that was kept."""

    entries: tuple[Entry, ...]
    left: int
    """How many entries come after it."""
    total: int | None
    top: int | None
    """More match, up to this key; None: all of it was kept, or what was not is not served."""


class Scratch:
    """The kept results; any of them may be deleted at any time.

    Everything here raises Fault, as ``Database`` does: ``telling`` makes one of what the database refuses.
    """

    def __init__(self, engine: Engine, telling: Callable[[], AbstractContextManager[None]]) -> None:
        self._engine = engine
        self._telling = telling

    def keep(self, query: str, entries: Sequence[Entry], total: int | None, top: int | None) -> str:
        """Keep a result; returns the name to ask for it by."""
        name, at = str(uuid.uuid4()), datetime.now(UTC)
        packed = b"".join(_ENTRY.pack(*each) for each in entries)
        values = {"id": name, "query": query, "ends_at": at + _KEPT, "total": total, "top": top}
        with self._telling(), self._engine.begin() as connection:
            connection.execute(delete(hold).where(hold.c.ends_at < at))
            connection.execute(insert(hold), {**values, "entries": packed})
        return name

    def kept(self, name: str, query: str, start: int, count: int) -> Held | None:
        """A stretch of what was kept under this name for this query; None when it is not here."""
        asked = select(hold).where(
            hold.c.id == name, hold.c.query == query, hold.c.ends_at >= datetime.now(UTC)
        )
        with self._telling(), self._engine.begin() as connection:
            row = connection.execute(asked).one_or_none()
        if row is None:
            return None
        packed = bytes(row.entries)
        stretch = packed[start * _ENTRY.size : (start + count) * _ENTRY.size]
        left = max(len(packed) // _ENTRY.size - start - count, 0)
        return Held(tuple((key, v) for key, v in _ENTRY.iter_unpack(stretch)), left, row.total, row.top)
