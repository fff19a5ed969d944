"""The history of a case: append-only and hash-chained, so that any later edit shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from server.case import State
from server.ports import Entry, History
from server.store.prepared import Prepared, at_most
from server.store.tables import cases, event
from server.times import instant

_FIRST = "0" * 64
_LAST = Prepared(
    at_most(
        select(event.c.seq, event.c.digest)
        .where(event.c.case_id == bindparam("of"))
        .order_by(event.c.seq.desc()),
        1,
    )
)
_REMEMBER = Prepared(update(cases).where(cases.c.id == bindparam("of")).values(head=bindparam("newest")))
_APPEND = Prepared(insert(event).values({c.name: bindparam(c.name) for c in event.c}))


def append(
    connection: Connection, case_id: str, at: datetime, entries: Sequence[tuple[Entry, State]]
) -> None:
    """Add events, each with the state that it led to; the case remembers the newest one's digest."""
    seq, digest = _LAST.run(connection, of=case_id).fetchone() or (0, _FIRST)
    rows = []
    for entry, state in entries:
        seq += 1
        row = _row(case_id, seq, at, entry, state)
        digest = row["digest"] = _link(digest, row)
        rows.append(row)
    _APPEND.run_many(connection, rows)
    _REMEMBER.run(connection, of=case_id, newest=digest)


def first(case_id: str, at: datetime, entry: Entry, state: State) -> dict[str, Any]:
    """The row of the event that opens a case; its digest is what the case remembers from the beginning."""
    row = _row(case_id, 1, at, entry, state)
    return row | {"digest": _link(_FIRST, row)}


def begin(connection: Connection, row: dict[str, Any]) -> None:
    """Keep the event that opened a case, which stands already."""
    _APPEND.run(connection, **row)


def history(connection: Connection, case_id: str) -> list[History]:
    """All events of a case, oldest first."""
    rows = connection.execute(select(event).where(event.c.case_id == case_id).order_by(event.c.seq))
    return [_history(row) for row in rows]


def broken_at(connection: Connection, case_id: str) -> int | None:
    """The number of the first event that does not fit its chain; None when the chain is whole.

    Where the newest events were taken away, the case remembers another digest or stands elsewhere.
    """
    digest = _FIRST
    rows = connection.execute(select(event).where(event.c.case_id == case_id).order_by(event.c.seq)).all()
    for expected, row in enumerate(rows, start=1):
        digest = _link(digest, row._asdict())
        if row.seq != expected or row.digest != digest:
            return expected
    stands = connection.execute(
        select(cases.c.state, cases.c.head).where(cases.c.id == case_id)
    ).one_or_none()
    if rows and stands and (rows[-1].state, digest) == tuple(stands):
        return None
    return len(rows) + 1


def _row(case_id: str, seq: int, at: datetime, entry: Entry, state: State) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "seq": seq,
        "at": at,
        "event": str(entry.event),
        "state": str(state),
        "actor": entry.actor,
        "detail": json.dumps(entry.detail, sort_keys=True, ensure_ascii=False, default=_plain),
        "sealed": entry.sealed,
        "policy": entry.policy,
        "card": entry.card,
    }


def _plain(value: object) -> str:
    """Moments as FHIR instants; anything else as it prints."""
    return instant(value) if isinstance(value, datetime) else str(value)


def _link(previous: str, row: dict[str, Any]) -> str:
    fields = ("case_id", "seq", "event", "state", "actor", "detail", "sealed", "policy", "card")
    content = [previous, row["at"].isoformat(), *(row[each] for each in fields)]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def _history(row: Row[Any]) -> History:
    return History(
        seq=row.seq,
        at=row.at,
        event=row.event,
        state=row.state,
        actor=row.actor,
        detail=json.loads(row.detail),
        sealed=row.sealed,
        policy=row.policy,
        card=row.card,
        digest=row.digest,
    )
