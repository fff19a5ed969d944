"""The end of a seal: what was not looked at while a question was asked anew is looked at then."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, exists, update

from server.case import RELEASED, Position
from server.ports import CaseRow
from server.store.policy_tables import gate
from server.store.seals import UNSEALED
from server.store.tables import cases


def lifted(connection: Connection, before: CaseRow, after: Position, at: datetime) -> None:
    """What has waited for the end of this case is looked at again: news of earlier ones on its question."""
    if after.state not in UNSEALED or (before.position.before or before.position.state) in UNSEALED:
        return
    earlier = (
        cases.c.patient == before.patient,
        cases.c.question == before.question,
        cases.c.id != before.id,
        cases.c.state.in_(RELEASED),
        exists().where(gate.c.case_id == cases.c.id),
    )
    connection.execute(update(cases).where(*earlier).values(due_at=at, news=cases.c.news + 1))
