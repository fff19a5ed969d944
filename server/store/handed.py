"""Accesses of which the store itself knows all: what was handed out, and what a person decided."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from server.accesses import Access, Doing, Outcome
from server.ports import DeliveryClaim
from server.store.accesses import note
from server.store.caserow import find


def exported(connection: Connection, claim: DeliveryClaim, at: datetime, *, failed: bool = False) -> None:
    """A document went to an EHR; one that was not acknowledged may have arrived all the same."""
    case = find(connection, claim.case_id)
    about = () if case is None else (case.patient, f"Task/{case.task_id}")
    note(connection, [_out(claim, Doing.EXPORT, about, at, failed=failed)])


def notified(connection: Connection, claim: DeliveryClaim, told: Sequence[str], at: datetime) -> None:
    """A subscriber was sent these versions; without any nothing of patients was told."""
    if told:
        note(connection, [_out(claim, Doing.NOTIFICATION, told, at, failed=False)])


def decided(connection: Connection, actor: str, what: str, about: Sequence[str], at: datetime) -> None:
    """A person decided on a case; ``what`` is the event's name."""
    access = Access(
        id=str(uuid.uuid4()), at=at, doing=Doing.DECISION, name=actor, detail=what, what=tuple(about)
    )
    note(connection, [access])


def _out(claim: DeliveryClaim, doing: Doing, what: Sequence[str], at: datetime, *, failed: bool) -> Access:
    return Access(
        id=str(uuid.uuid4()),
        at=at,
        doing=doing,
        name=claim.document.destination,
        client=claim.document.destination,
        outcome=Outcome.MINOR if failed else Outcome.SUCCESS,
        detail="not acknowledged" if failed else "",
        what=tuple(what),
        document=claim.document.id,
    )
