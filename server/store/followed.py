"""Cases whose result is out and to which a person still owes an act: listed, and what the person says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select

from server.case import Event, IllegalMove, State
from server.model import Acknowledged, ContestEnd, Decided, Withdrawal
from server.ports import CaseRow, Entry
from server.store.caserow import case_of, find
from server.store.database import Database
from server.store.decision import decide
from server.store.facts import count
from server.store.tables import cases, fact

_EVENTS = {
    ContestEnd.UPHELD: Event.CONTEST_UPHELD,
    ContestEnd.CORRECTED: Event.CONTEST_CORRECTED,
    ContestEnd.WITHDRAWN: Event.OPINION_WITHDRAWN,
}
DECISIONS = tuple(each.value for each in _EVENTS)
"""How a person may end a contest."""


class Followed:
    """The desk of those who follow up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def standing(self, states: Sequence[State], limit: int) -> list[CaseRow]:
        """Cases in these states, the one that is due first before the others."""
        query = (
            select(cases)
            .where(cases.c.state.in_([each.value for each in states]))
            .order_by(cases.c.due_at, cases.c.id)
            .limit(limit)
        )
        return self._database.read(lambda c: [case_of(row) for row in c.execute(query)])

    def read(self, case_id: str, by: str, at: datetime) -> CaseRow | None:
        """Somebody says that they have read a result, once; None when there is no such case.

        Raises:
            IllegalMove: nothing is released.
        """
        return self._database.write(lambda c: _read(c, case_id, by, at))

    def end_contest(self, case_id: str, decided: Decided, at: datetime) -> CaseRow | None:
        """A person decides a contest; None when there is no such case.

        Raises:
            IllegalMove: it is not contested, or there is no model's opinion to withdraw.
        """
        return self._database.write(lambda c: _end_contest(c, case_id, decided, at))


def _end_contest(connection: Connection, case_id: str, decided: Decided, at: datetime) -> CaseRow | None:
    case = find(connection, case_id, keep=True)
    if case is None:
        return None
    event = _EVENTS[decided.end]
    if case.position.state is not State.CONTESTED:  # an opinion can be withdrawn from elsewhere too
        raise IllegalMove(case.position, event)
    word = replace(decided, round=count(connection, case_id, "contests-told") + 1)
    grounds: list[tuple[str, object]] = [("contest-decided", word)]
    if decided.end is ContestEnd.WITHDRAWN:
        grounds.append(("withdrawal", Withdrawal(decided.by, decided.reason, at)))
    entry = Entry(event, decided.by, {"reason": decided.reason, "contest": decided.end})
    return decide(connection, case_id, entry, at, *grounds)


def _read(connection: Connection, case_id: str, by: str, at: datetime) -> CaseRow | None:
    case = find(connection, case_id, keep=True)
    if case is None:
        return None
    said = Acknowledged(by, count(connection, case_id, "release"))
    if case.position.state not in (State.SENT, State.UNREAD) and said in _acknowledged(connection, case_id):
        return case
    return decide(connection, case_id, Entry(Event.RESULT_READ, by), at, ("acknowledged", said))


def _acknowledged(connection: Connection, case_id: str) -> list[Acknowledged]:
    query = select(fact.c.body).where(fact.c.case_id == case_id, fact.c.kind == "acknowledged")
    return [msgspec.json.decode(bytes(row[0]), type=Acknowledged) for row in connection.execute(query)]
