"""One row of the table of cases as a value."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from server.case import Ai, First, Position, State
from server.ports import CaseRow
from server.store.tables import cases


def find(connection: Connection, case_id: str, *, keep: bool = False) -> CaseRow | None:
    """``keep`` lets nobody else change it before this transaction ends."""
    query = select(cases).where(cases.c.id == case_id)
    row = connection.execute(query.with_for_update(key_share=True) if keep else query).one_or_none()
    return None if row is None else case_of(row)


def case_of(row: Row[Any]) -> CaseRow:
    return CaseRow(
        id=row.id,
        question=row.question,
        task_id=row.task_id,
        patient=row.patient,
        report=row.report,
        destination=row.destination,
        task_identifier={"system": row.task_system, "value": row.task_value},
        due_by=row.due_by,
        opened_at=row.opened_at,
        position=Position(
            State(row.state), First(row.first), Ai(row.ai), None if row.before is None else State(row.before)
        ),
        due_at=row.due_at,
        attempts=row.attempts,
        news=row.news,
        last_error=row.last_error,
        policy=row.policy,
        other_model=row.other_model,
    )
