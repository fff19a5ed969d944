"""What of a case has not arrived, and whether anything of it can be where it was to go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update

from server.model import Document
from server.ports import Raced, Waiting
from server.store.attempts import DROPPED, PARKED, UNTOUCHED, WAITING
from server.store.tables import attempt, delivery, document

_IDLE = (delivery.c.state.in_((WAITING, PARKED)), delivery.c.lease_token.is_(None))
"""A lease that has ended belonged to somebody who never said how it went."""
_HARMLESS = (
    select(func.count())
    .where(attempt.c.document_id == delivery.c.document_id, attempt.c.outcome == UNTOUCHED)
    .scalar_subquery()
)


def waiting(connection: Connection, case_id: str) -> list[Waiting]:
    """What is not under way, in order."""
    query = (
        select(*document.c, delivery.c.attempts, _HARMLESS.label("harmless"))
        .join(delivery)
        .where(delivery.c.case_id == case_id, *_IDLE)
        .order_by(delivery.c.number)
    )
    rows = connection.execute(query)
    return [Waiting(document_of(each), each.attempts, each.attempts == each.harmless) for each in rows]


def take_back(connection: Connection, documents: Sequence[Waiting]) -> None:
    """They are not delivered any more. Raises Raced when somebody has taken one up meanwhile."""
    for each in documents:
        changed = connection.execute(
            update(delivery)
            .where(delivery.c.document_id == each.document.id, delivery.c.attempts == each.attempts, *_IDLE)
            .values(state=DROPPED, due_at=None)
        ).rowcount
        if changed != 1:
            raise Raced


def document_of(row: Any) -> Document:
    return Document(row.id, row.kind, row.destination, row.media_type, bytes(row.content))
