"""``server.ports.Commitments``: what was asked, what was answered, and who is woken by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from server.model import Commitment, Promise
from server.store.attempts import PARKED, SENT, WAITING
from server.store.commitment_table import commitment
from server.store.database import Database
from server.store.tables import delivery


class CommitmentStore:
    """Any process may be told of a transaction that another one has asked about."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, asked: Commitment, at: datetime) -> None:
        row = {
            "transaction_uid": asked.transaction,
            "document_id": asked.document,
            "sop_instance": asked.sop_instance,
            "state": asked.state.value,
            "asked_at": at,
            "due_at": asked.due_at,
        }
        self._database.write(lambda c: c.execute(insert(commitment), row))

    def taken(self, transaction: str, due_at: datetime) -> None:
        self._change(transaction, Promise.ASKED, due_at=due_at)

    def over(self, transaction: str) -> None:
        self._change(transaction, Promise.FAILED, state=Promise.OVER.value)

    def of(self, document: str) -> Sequence[Commitment]:
        query = (
            select(commitment)
            .where(commitment.c.document_id == document)
            .order_by(commitment.c.asked_at, commitment.c.transaction_uid)
        )
        return self._database.read(lambda c: [_commitment(row) for row in c.execute(query)])

    def heard(
        self, transaction: str, committed: Collection[str], failed: Mapping[str, int], at: datetime
    ) -> bool:
        return self._database.write(lambda c: _heard(c, transaction, committed, failed, at))

    def _change(self, transaction: str, from_: Promise, **values: Any) -> None:
        named = and_(commitment.c.transaction_uid == transaction, commitment.c.state == from_.value)
        self._database.write(lambda c: c.execute(update(commitment).where(named).values(**values)))


def _heard(
    connection: Connection,
    transaction: str,
    committed: Collection[str],
    failed: Mapping[str, int],
    at: datetime,
) -> bool:
    """An answer that does not speak of our object answers nothing; one that says both says no."""
    query = select(commitment).where(commitment.c.transaction_uid == transaction).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        return False
    told = row.sop_instance in failed or row.sop_instance in committed
    if not told or row.state != Promise.ASKED.value:
        return True
    reason = failed.get(row.sop_instance)
    state = Promise.COMMITTED if reason is None else Promise.FAILED
    connection.execute(
        update(commitment)
        .where(commitment.c.transaction_uid == transaction)
        .values(state=state.value, reason=reason, heard_at=at)
    )
    _wake(connection, row.document_id, at, committed=state is Promise.COMMITTED)
    return True


def _wake(connection: Connection, document: str, at: datetime, *, committed: bool) -> None:
    """One that was parked while the archive thought is delivered all the same."""
    waits = delivery.c.state.in_((WAITING, SENT))
    connection.execute(update(delivery).where(delivery.c.document_id == document, waits).values(due_at=at))
    if committed:
        connection.execute(
            update(delivery)
            .where(delivery.c.document_id == document, delivery.c.state == PARKED)
            .values(state=SENT, due_at=at)
        )


def _commitment(row: Any) -> Commitment:
    return Commitment(
        transaction=row.transaction_uid,
        document=row.document_id,
        sop_instance=row.sop_instance,
        state=Promise(row.state),
        due_at=row.due_at,
        reason=row.reason,
    )
