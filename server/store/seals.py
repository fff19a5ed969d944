"""Which first opinions may be shown: those of cases that are resolved or over (docs/decisions/0004)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, exists

from server.case import State
from server.store.tables import cases

UNSEALED = (
    State.RESOLVED,
    State.WRITTEN_UP,
    State.CLOSED,
    State.RETRACTED,
    State.UNRESOLVED,
    State.REJECTED,
    State.LAPSED,
    State.WITHDRAWN,
)


SEALED: ColumnElement[bool] = cases.c.state.not_in(UNSEALED)


def under_seal(report: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether ``Type/id`` is the first opinion of a case that is neither."""
    return exists().where(cases.c.report == report, SEALED)
