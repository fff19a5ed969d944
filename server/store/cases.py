"""Open cases: which would lose its ground with a resource, and one that is to look again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from server.case import FOLLOWED, Position, State
from server.store.columns import Instant
from server.store.prepared import Prepared, at_most
from server.store.tables import cases

_OPEN = [state.value for state in State if not Position(state).ended]
"""Those whose result is owed a reading or a decision among them: both need what they are about."""
_GOES_ON = (cases.c.due_at.is_not(None), *(cases.c.state != each.value for each in (*FOLLOWED, State.CLOSED)))
"""Ended cases have no due date, but for a closed one that has yet to note what came too late. One whose
result is out has been answered, whatever a person still owes."""
_ASKING = Prepared(
    at_most(
        select(cases.c.task_id).where(
            cases.c.report == bindparam("report"),
            cases.c.question == bindparam("question"),
            *_GOES_ON,
        ),
        1,
    )
)
_GOING_ON = Prepared(
    select(cases.c.id)
    .where(cases.c.task_id == bindparam("task"), *_GOES_ON)
    .with_for_update(key_share=True)  # where writers run side by side, it does not end before our commit
)


def stirring(which: Callable[[Any], Sequence[ColumnElement[bool]]]) -> Prepared:
    """The statement by which cases look again ``at`` a moment: news has come for them.

    ``which``: the conditions on a row. Rows are locked in one order, so that of two writers who bring
    news of the same cases neither waits for what the other holds.
    """
    row = cases.alias()
    chosen = select(row.c.id).where(*which(row.c)).order_by(row.c.id).with_for_update(key_share=True)
    return Prepared(
        update(cases)
        .where(cases.c.id.in_(chosen))
        .values(due_at=bindparam("at", type_=Instant()), news=cases.c.news + 1)
    )


def asking(connection: Connection, report: str, question: str) -> str | None:
    """``server.ports.Shelf.asking``."""
    found = _ASKING.run(connection, report=report, question=question).fetchone()
    return None if found is None else str(found[0])


def goes_on(connection: Connection, task_id: str) -> bool:
    """Whether the case that this Task opened has not ended."""
    return _GOING_ON.run(connection, task=task_id).fetchone() is not None


def resting_on(connection: Connection, type_: str, id_: str, patient: str | None) -> str | None:
    """Id of the Task of an open case that rests on this resource, if there is one.

    A case rests on the Task that asks, the report that it asks about, the patient, and everything
    measured of that patient: any of it may be evidence.
    """
    ground = _ground(type_, id_, patient)
    if ground is None:
        return None
    query = select(cases.c.task_id).where(ground, cases.c.state.in_(_OPEN)).limit(1)
    return connection.execute(query).scalar_one_or_none()


def _ground(type_: str, id_: str, patient: str | None) -> ColumnElement[bool] | None:
    if type_ == "Task":
        return cases.c.task_id == id_
    if type_ == "DiagnosticReport":
        return cases.c.report == f"{type_}/{id_}"
    if type_ in ("Patient", "Observation"):
        return cases.c.patient == patient
    return None


def stir_case(connection: Connection, case_id: str, at: datetime) -> None:
    """Let one open case look again."""
    connection.execute(
        update(cases)
        .where(cases.c.id == case_id, cases.c.due_at.is_not(None))
        .values(due_at=at, news=cases.c.news + 1)
    )
