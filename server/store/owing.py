"""Assessments that are owed: open cases with dates, and what of them is late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select

from server.case import State, is_told
from server.model import Owed, Term
from server.ports import CaseRow
from server.store.caserow import case_of
from server.store.database import Database
from server.store.tables import cases, fact

_OWED, _JUDGED = "owed", "record-judged"
_OPEN = tuple(
    each.value
    for each in State
    if each not in (State.CLOSED, State.REJECTED, State.LAPSED, State.WITHDRAWN, State.UNRESOLVED)
)


@dataclass(frozen=True, slots=True)
class Owing:
    """One assessment that is not answered yet."""

    case: CaseRow
    term: Term
    """What is owed next."""
    by: datetime


class Assessments:
    """Read from cases and their facts; nothing is kept twice."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def owing(self) -> list[Owing]:
        """All of them, the one that is owed first before the others."""
        found = self._database.read(_owing)
        return sorted(found, key=lambda each: (each.by, each.case.id))

    def counts(self, at: datetime) -> tuple[int, int]:
        """How many are open, and how many of these are late."""
        found = self.owing()
        return len(found), sum(each.by <= at for each in found)


def _owing(connection: Connection) -> list[Owing]:
    said = fact.alias()
    judged = select(said.c.case_id).where(said.c.case_id == cases.c.id, said.c.kind == _JUDGED).exists()
    query = (
        select(cases, fact.c.body, judged.label("judged"))
        .join(fact, (fact.c.case_id == cases.c.id) & (fact.c.kind == _OWED))
        .where(cases.c.state.in_(_OPEN))
    )
    found = []
    for row in connection.execute(query):
        case, owed = case_of(row), msgspec.json.decode(bytes(row.body), type=Owed)
        if not is_told(case.position):
            found.append(_next(case, owed, judged=bool(row.judged)))
    return found


def _next(case: CaseRow, owed: Owed, *, judged: bool) -> Owing:
    where = case.position.before or case.position.state
    if where is State.RECEIVED and not judged:
        return Owing(case, Term.RECORDS, owed.records_by)
    return Owing(case, Term.ANSWER, owed.answer_by)
