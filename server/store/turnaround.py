"""When what has happened to cases: to those that a report counts, and to those that were never compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, select

from server.case import Event, State
from server.model import Course
from server.store.database import Database
from server.store.reporting import Key, Span, counted
from server.store.tables import cases, event

_AT_ONCE = 500
"""Cases that are asked for in one query."""
_BEFORE = (State.RECEIVED, State.INCOMPLETE, State.READY, State.LAPSED)
"""Where a case stands that was never compared; held ones are left out, for a person decides about them."""


@dataclass(frozen=True, slots=True)
class Courses:
    """Of cases of a period."""

    counted: dict[Key, dict[str, Course]]
    """By case."""
    before: dict[str, list[Course]]
    """By question: opened in the period and never compared, waiting or lapsed."""


class TurnaroundStore:
    """Reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def courses(self, span: Span, events: Collection[Event], question: str | None = None) -> Courses:
        """With those of these events alone."""
        return self._database.read(lambda connection: _courses(connection, span, events, question))


def _courses(connection: Connection, span: Span, events: Collection[Event], question: str | None) -> Courses:
    told = {
        key: _of(connection, {row.case_id: row.policy for row in rows}, events)
        for key, rows in counted(connection, span, question).items()
    }
    waiting: dict[str, dict[str, str | None]] = defaultdict(dict)
    compared = exists().where(event.c.case_id == cases.c.id, event.c.event == str(Event.COMPARED))
    query = select(cases.c.id, cases.c.question, cases.c.policy).where(
        cases.c.opened_at >= span.since, cases.c.opened_at < span.until, cases.c.state.in_(_BEFORE), ~compared
    )
    if question is not None:
        query = query.where(cases.c.question == question)
    for row in connection.execute(query):
        waiting[row.question][row.id] = row.policy
    return Courses(
        told, {name: list(_of(connection, each, events).values()) for name, each in waiting.items()}
    )


def _of(
    connection: Connection, policies: dict[str, str | None], events: Iterable[Event]
) -> dict[str, Course]:
    steps: dict[str, list[tuple[str, datetime]]] = {id_: [] for id_ in policies}
    ids, words = list(policies), [str(each) for each in events]
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        query = select(event.c.case_id, event.c.event, event.c.at).where(
            event.c.case_id.in_(some), event.c.event.in_(words)
        )
        for row in connection.execute(query.order_by(event.c.case_id, event.c.seq)):
            steps[row.case_id].append((row.event, row.at))
    return {id_: Course(policies[id_], tuple(each)) for id_, each in steps.items()}
