"""What gatekeepers have done: one row for each case that one has judged, for its own limits to be kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same words for what it adds

from server.model import Answer, Gated, Passage, Passed, ReadAfterAll
from server.ports import CaseRow, Fact
from server.store.database import Database
from server.store.policy_tables import gate, result


def keep(connection: Connection, of: CaseRow, facts: Sequence[Fact], at: datetime) -> None:
    """The row of a case; one that is judged anew has one row all the same."""
    for each in facts:
        if isinstance(each.value, Gated):
            values = {
                "question": of.question,
                "card": each.value.card,
                "at": at,
                "below": each.value.below,
                "ruled_out": each.value.passage is Passage.RULED_OUT,
            }
            added = insert(gate).values(case_id=of.id, **values)
            connection.execute(added.on_conflict_do_update(index_elements=["case_id"], set_=values))
        if isinstance(each.value, ReadAfterAll):
            said = each.value.answer.value if each.value.answer else None
            connection.execute(update(gate).where(gate.c.case_id == of.id).values(after_all=said))


class GateStore:
    """Counts them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def passed(self, question: str, card: str, since: datetime) -> Passed:
        """What a gate has done since a moment.

        A case that was ruled out and read by a human all the same counts as read where something was found:
        who reads such cases has a reason to, and those without a finding would make the gate look better.
        """
        g, r = gate.c, result.c
        found = or_(r.first == Answer.PRESENT.value, r.final == Answer.PRESENT.value)
        read = and_(g.below, g.ruled_out.is_(False), or_(r.first.is_not(None), r.final.is_not(None)))
        missed = and_(g.ruled_out, g.after_all == Answer.PRESENT.value)
        query = (
            select(
                func.count(),
                _count(g.ruled_out),
                _count(or_(read, missed)),
                _count(or_(and_(read, found), missed)),
            )
            .select_from(gate.outerjoin(result, r.case_id == g.case_id))
            .where(g.question == question, g.card == card, g.at >= since)
        )
        row = self._database.read(lambda connection: connection.execute(query).one())
        return Passed(*(int(each or 0) for each in row))


def _count(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    counted: ColumnElement[Any] = func.sum(case((condition, 1), else_=0))
    return counted
