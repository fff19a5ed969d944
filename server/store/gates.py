"""What gatekeepers have done: one row for each case that one has judged, for its own limits to be kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same words for what it adds

from server.case import Ai
from server.model import (
    Answer,
    Comparison,
    Gated,
    GateKey,
    Learnt,
    Passage,
    Passed,
    ReadAfterAll,
    SpecialistRead,
)
from server.ports import CaseRow, Fact
from server.store.database import Database
from server.store.policy_tables import gate, result
from server.store.tables import cases


def keep(connection: Connection, of: CaseRow, facts: Sequence[Fact], at: datetime) -> None:
    """The row of a case; one that is judged anew has one row all the same.

    What a human says counts from when it is compared, or signed: a case that a person ends afterwards keeps
    nothing of it back.
    """
    for each in (fact.value for fact in facts):
        if isinstance(each, Gated):
            _judged(connection, of, each, at)
        elif isinstance(each, Comparison) and each.first is not None:
            _read(connection, of, each.first)
        elif isinstance(each, SpecialistRead) and each.answer is not None:
            _read(connection, of, each.answer)
        elif isinstance(each, ReadAfterAll) and each.answer is not None:
            still = case(
                (gate.c.after_all == Answer.PRESENT.value, gate.c.after_all), else_=each.answer.value
            )
            connection.execute(update(gate).where(gate.c.case_id == of.id).values(after_all=still))
        elif isinstance(each, Learnt):
            said = None if each.finding is None else each.finding.value
            connection.execute(update(gate).where(gate.c.case_id == of.id).values(turned_out=said))


def _judged(connection: Connection, of: CaseRow, gated: Gated, at: datetime) -> None:
    values = {
        "question": of.question,
        "card": gated.key.card,
        "rule_out_below": gated.key.rule_out_below,
        "scope": gated.key.scope,
        "at": at,
        "below": gated.below,
        "ruled_out": gated.passage is Passage.RULED_OUT,
    }
    added = insert(gate).values(case_id=of.id, read=False, found=False, **values)
    connection.execute(added.on_conflict_do_update(index_elements=["case_id"], set_=values))


def _read(connection: Connection, of: CaseRow, said: Answer) -> None:
    found = or_(gate.c.found, literal(said is Answer.PRESENT))
    connection.execute(update(gate).where(gate.c.case_id == of.id).values(read=True, found=found))


class GateStore:
    """Counts them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def told(self, key: GateKey, since: datetime) -> Passed:
        """The same as anybody may know it: released cases alone, but for how many were judged.

        Until it is written up a case that is ruled out shows as one that waits for its first reader, and may
        have to be read after all. What the model said is never released where it was barred or voided. That
        a case was judged says nothing of the answer.
        """
        return self._counted(key, since, _released(), result.c.model.is_not(None))

    def ruled_out(self, question: str) -> int:
        """How many cases of a question were ever ruled out, and are written up so."""
        query = select(func.count()).select_from(gate.join(cases, cases.c.id == gate.c.case_id))
        query = query.where(gate.c.question == question, gate.c.ruled_out, _released())
        return self._database.read(lambda connection: int(connection.execute(query).scalar_one()))

    def passed(self, key: GateKey, since: datetime) -> Passed:
        """What a gate has done since a moment.

        A case that was ruled out and read by a human all the same counts as read where something was found:
        who reads such cases has a reason to, and those without a finding would make the gate look better.
        """
        return self._counted(key, since, true(), true())

    def _counted(self, key: GateKey, since: datetime, *counts: ColumnElement[bool]) -> Passed:
        """``counts``: what a case has to be to be counted, and one that humans have read besides."""
        out, answered = counts
        g, r = gate.c, result.c
        read = and_(g.below, g.ruled_out.is_(False), g.read, out, answered)
        ill = g.turned_out == Answer.PRESENT.value
        missed = and_(g.ruled_out, or_(g.after_all == Answer.PRESENT.value, ill), out)
        query = (
            select(
                func.count(),
                _count(and_(g.ruled_out, out)),
                _count(or_(read, missed)),
                _count(or_(and_(read, or_(g.found, ill)), missed)),
            )
            .select_from(gate.join(cases, cases.c.id == g.case_id).outerjoin(result, r.case_id == g.case_id))
            .where(
                g.question == key.question,
                g.card == key.card,
                g.rule_out_below == key.rule_out_below,
                g.scope == key.scope,
                g.at >= since,
            )
        )
        row = self._database.read(lambda connection: connection.execute(query).one())
        return Passed(*(int(each or 0) for each in row))


def _released() -> ColumnElement[bool]:
    """Nothing of the model's read of the case is under seal any more."""
    return cases.c.ai.in_((Ai.RELEASED.value, Ai.WITHDRAWN.value))


def _count(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    counted: ColumnElement[Any] = func.sum(case((condition, 1), else_=0))
    return counted
