"""Assessments that are owed: open cases with dates, and what of them is late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, not_, select

from server.case import RELEASED, State
from server.model import AssessmentRules, Owed, Term
from server.ports import CaseRow
from server.store.caserow import case_of
from server.store.comparing import looked_up
from server.store.database import Database
from server.store.tables import cases, fact, resource, search_value

_ASSESSMENT = "independent-assessment"
"""Task.code, of ``{SR}/CodeSystem/task``."""
_OWED, _JUDGED = "owed", "record-judged"
_TOLD = tuple(each.value for each in (*RELEASED, State.RETRACTED, State.KEPT))
_OVER = (State.REJECTED, State.LAPSED, State.WITHDRAWN, State.UNRESOLVED)
_OPEN = tuple(each.value for each in State if each not in _OVER and each.value not in _TOLD)
_UNTOLD = func.coalesce(cases.c.before, cases.c.state).not_in(_TOLD)
"""As ``is_told`` has it, where the rows are: results that nobody has read are many."""
_UNSEEN = tuple(each.value for each in (State.RECEIVED, State.HELD, State.FAULTED))
_AT_MOST = 1_000
"""Of those that no worker has acknowledged: more are late by any count."""
_USUAL = AssessmentRules()


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
        found = [*self._database.read(_unseen), *self._database.read(_owing)]
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
        .where(cases.c.state.in_(_OPEN), _UNTOLD)
    )
    return [
        _next(case_of(row), msgspec.json.decode(bytes(row.body), type=Owed), judged=bool(row.judged))
        for row in connection.execute(query)
    ]


def _unseen(connection: Connection) -> list[Owing]:
    """What no worker has taken up: it has no dates yet, and is owed its acknowledgement as shipped.

    A case does not say that it is an assessment; its Task does, and is asked of the few that are new.
    """
    laid, task, code = fact.alias(), resource.alias(), search_value.alias()
    query = (
        select(cases)
        .where(
            cases.c.state.in_(_UNSEEN),
            func.coalesce(cases.c.before, cases.c.state) == State.RECEIVED.value,
            not_(looked_up(laid.c.case_id == cases.c.id, laid.c.kind == _OWED)),
            looked_up(
                task.c.type == "Task",
                task.c.id == cases.c.task_id,
                code.c.resource_key == task.c.key,
                code.c.param == "code",
                code.c.value == _ASSESSMENT,
            ),
        )
        .limit(_AT_MOST)
    )
    found = (case_of(row) for row in connection.execute(query))
    return [Owing(case, Term.ACKNOWLEDGEMENT, case.opened_at + _USUAL.acknowledge_within) for case in found]


def _next(case: CaseRow, owed: Owed, *, judged: bool) -> Owing:
    where = case.position.before or case.position.state
    if where is State.RECEIVED and not judged:
        return Owing(case, Term.RECORDS, owed.records_by)
    return Owing(case, Term.ANSWER, owed.answer_by)
