"""What a person decides on a case that waits for one: resumed, or ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update

from server.case import advance
from server.ports import CaseRow, Entry
from server.store import chain
from server.store.caserow import case_of, find
from server.store.tables import cases


def decide(connection: Connection, case_id: str, entry: Entry, at: datetime) -> CaseRow | None:
    """A person moves a case; a worker that holds it loses its lease, for what it saw is no longer so."""
    case = find(connection, case_id, keep=True)
    if case is None:
        return None
    position = advance(case.position, entry.event)
    row = connection.execute(
        update(cases)
        .where(cases.c.id == case_id)
        .values(
            state=position.state,
            before=None,
            due_at=at,
            lease_token=None,
            lease_until=None,
            attempts=0,
            news=cases.c.news + 1,
            last_error=None,
        )
        .returning(*cases.c)
    ).one()
    chain.append(connection, case_id, at, [(entry, position.state)])
    return case_of(row)
