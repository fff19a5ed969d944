"""Deliveries: one document to one destination, in order within a case, until proven received."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, insert, or_, select, update

from server.model import Document, PacsKind, Receipt
from server.ports import DeliveryClaim, NotYet, Waiting
from server.store.attempts import (
    DELIVERED,
    DROPPED,
    PARKED,
    SENT,
    WAITING,
    arrived,
    awaits,
    failed,
)
from server.store.cases import stir_case
from server.store.database import Database
from server.store.handed import exported
from server.store.tables import attempt, delivery, document
from server.store.undelivered import document_of, waiting


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as people see it."""

    document_id: str
    case_id: str | None
    """None for what is told to a subscriber."""
    kind: str
    destination: str
    state: str
    attempts: int
    due_at: datetime | None
    give_up_at: datetime
    delivered_at: datetime | None
    last_outcome: str | None


class Deliveries:
    """The queue of the couriers."""

    def __init__(self, database: Database, lease: timedelta) -> None:
        self._database = database
        self._lease = lease

    def claim(self, at: datetime) -> DeliveryClaim | None:
        """Take the delivery that has been due longest and whose predecessors have all arrived."""
        if not self._database.read(lambda c: c.execute(_ready(at)).first() is not None):
            return None
        token = str(uuid.uuid4())
        return self._database.write(lambda c: claim(c, _ready(at), at + self._lease, token))

    def delivered(self, claim: DeliveryClaim, receipt: Receipt, at: datetime) -> None:
        """Raises LeaseLost when somebody else has taken the delivery over."""
        self._database.write(lambda c: _delivered(c, claim, receipt, at))

    def failed(
        self,
        claim: DeliveryClaim,
        reason: str,
        retry_at: datetime | None,
        at: datetime,
        *,
        untouched: bool = False,
    ) -> None:
        """Try again at ``retry_at``; None parks the delivery until a person sends it again.

        ``untouched``: the attempt has left nothing of it there.
        """

        def work(connection: Connection) -> None:
            failed(connection, claim, reason, retry_at, at, untouched=untouched)
            exported(connection, claim, at, failed=True)

        self._database.write(work)

    def awaits(self, claim: DeliveryClaim, waits: NotYet, until: datetime, at: datetime) -> None:
        """Its destination is to say whether it keeps it; look again at ``until`` at the latest."""

        def work(connection: Connection) -> None:
            awaits(connection, claim, str(waits), until, at)
            if waits.sent:
                exported(connection, claim, at, failed=True)

        self._database.write(work)

    def send_again(self, document_id: str, at: datetime, window: timedelta) -> bool:
        """Put a parked delivery back into the queue; False when it is not parked."""
        statement = (
            update(delivery)
            .where(delivery.c.document_id == document_id, delivery.c.state == PARKED)
            .values(state=WAITING, due_at=at, give_up_at=at + window)
        )
        return self._database.write(lambda c: c.execute(statement).rowcount == 1)

    def listed(self, state: str) -> list[DeliveryRow]:
        query = _ROWS.where(delivery.c.state == state).order_by(delivery.c.due_at, delivery.c.document_id)
        return self._database.read(lambda c: [_row(each) for each in c.execute(query)])

    def undelivered(self, case_id: str) -> int:
        """How many documents of a case have not yet arrived."""
        query = select(func.count()).where(delivery.c.case_id == case_id, delivery.c.state.not_in(_OVER))
        return self._database.read(lambda c: int(c.execute(query).scalar_one()))

    def documents(self, case_id: str, kind: str) -> list[Document]:
        """Everything of one kind that a case has sent or will send, in order."""
        query = (
            select(document)
            .where(document.c.case_id == case_id, document.c.kind == kind)
            .order_by(document.c.number)
        )
        return self._database.read(lambda c: [document_of(row) for row in c.execute(query)])

    def waiting(self, case_id: str) -> list[Waiting]:
        """What of a case has not arrived and is not under way, in order."""
        return self._database.read(lambda c: waiting(c, case_id))

    def counts(self) -> dict[str, int]:
        query = select(delivery.c.state, func.count()).group_by(delivery.c.state)
        return self._database.read(lambda c: {row[0]: row[1] for row in c.execute(query)})


_LAST = (
    select(attempt.c.detail)
    .where(attempt.c.document_id == delivery.c.document_id)
    .order_by(attempt.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
_OVER = (DELIVERED, DROPPED)
_ROWS = select(*delivery.c, document.c.kind, _LAST.label("last_outcome")).join(document)


def enqueue(
    connection: Connection,
    case_id: str,
    documents: Sequence[Document],
    at: datetime,
    window: timedelta | None,
) -> None:
    """Store documents and queue their deliveries, after those that the case already has."""
    if not documents:
        return
    count = select(func.coalesce(func.max(document.c.number), 0)).where(document.c.case_id == case_id)
    number = int(connection.execute(count).scalar_one())
    for offset, each in enumerate(documents, start=1):
        connection.execute(insert(document), _document_row(each, case_id, number + offset, at))
        row = _delivery_row(each, case_id, number + offset, at, at + (window or timedelta(0)))
        connection.execute(insert(delivery), row)


def enqueue_notice(
    connection: Connection, each: Document, number: int, at: datetime, window: timedelta
) -> None:
    """Queue what is to be told to a subscriber, who has nothing else under way."""
    connection.execute(insert(document), _document_row(each, None, number, at))
    connection.execute(insert(delivery), _delivery_row(each, None, number, at, at + window))


def drop(connection: Connection, document_id: str) -> None:
    """Nobody waits for it any more; whoever is sending it just now is not asked how it went."""
    connection.execute(
        update(delivery)
        .where(delivery.c.document_id == document_id, delivery.c.state != DELIVERED)
        .values(state=DROPPED, due_at=None, lease_token=None, lease_until=None)
    )


def of_case(connection: Connection, case_id: str) -> list[DeliveryRow]:
    query = _ROWS.where(delivery.c.case_id == case_id).order_by(delivery.c.number)
    return [_row(each) for each in connection.execute(query)]


def _delivery_row(
    each: Document, case_id: str | None, number: int, at: datetime, give_up_at: datetime
) -> dict[str, Any]:
    return {
        "document_id": each.id,
        "case_id": case_id,
        "destination": each.destination,
        "number": number,
        "state": WAITING,
        "attempts": 0,
        "due_at": at,
        "give_up_at": give_up_at,
    }


def _document_row(each: Document, case_id: str | None, number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": each.id,
        "case_id": case_id,
        "number": number,
        "kind": each.kind,
        "destination": each.destination,
        "media_type": each.media_type,
        "content": each.content,
        "digest": hashlib.sha256(each.content).hexdigest(),
        "created_at": at,
    }


def _due(at: datetime) -> tuple[ColumnElement[bool], ...]:
    free = or_(delivery.c.lease_until.is_(None), delivery.c.lease_until < at)
    return delivery.c.state.in_((WAITING, SENT)), delivery.c.due_at <= at, free


def ready_notice(at: datetime) -> Select[Any]:
    """The notification that has been due longest."""
    told = select(delivery.c.document_id).where(*_due(at), delivery.c.case_id.is_(None))
    return told.order_by(delivery.c.due_at).limit(1)


def _ready(at: datetime) -> Select[Any]:
    earlier = delivery.alias("earlier")
    same = document.c.id == delivery.c.document_id
    kind = select(document.c.kind).where(same).correlate(delivery).scalar_subquery()
    blocked = exists().where(
        earlier.c.case_id == delivery.c.case_id,
        earlier.c.destination == delivery.c.destination,
        earlier.c.number < delivery.c.number,
        earlier.c.state.not_in((*_OVER, SENT)),
        # What an archive refused for good must not keep from it that the rest of it is withdrawn.
        or_(earlier.c.state != PARKED, kind != PacsKind.KEY_OBJECTS.value),
    )
    return (
        select(delivery.c.document_id)
        .where(*_due(at), delivery.c.case_id.is_not(None), ~blocked)
        .order_by(delivery.c.due_at)
        .limit(1)
    )


def claim(connection: Connection, ready: Select[Any], until: datetime, token: str) -> DeliveryClaim | None:
    """Take what ``ready`` finds, if it finds anything."""
    longest_due = ready.with_for_update(skip_locked=True, key_share=True)
    row = connection.execute(
        update(delivery)
        .where(delivery.c.document_id == longest_due.scalar_subquery())
        .values(lease_token=token, lease_until=until, attempts=delivery.c.attempts + 1)
        .returning(*delivery.c)
    ).one_or_none()
    if row is None:
        return None
    held = connection.execute(select(document).where(document.c.id == row.document_id)).one()
    return DeliveryClaim(
        document=document_of(held),
        case_id=row.case_id or "",
        attempt=row.attempts,
        give_up_at=row.give_up_at,
        token=token,
    )


def _delivered(connection: Connection, claim: DeliveryClaim, receipt: Receipt, at: datetime) -> None:
    arrived(connection, claim, receipt, at)
    exported(connection, claim, at)
    stir_case(connection, claim.case_id, at)


def _row(row: Any) -> DeliveryRow:
    return DeliveryRow(
        document_id=row.document_id,
        case_id=row.case_id,
        kind=row.kind,
        destination=row.destination,
        state=row.state,
        attempts=row.attempts,
        due_at=row.due_at,
        give_up_at=row.give_up_at,
        delivered_at=row.delivered_at,
        last_outcome=row.last_outcome,
    )
