"""How an attempt to deliver ends: every one is kept, and only who holds the lease says how his went."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, insert, update

from server.model import Promise, Receipt
from server.ports import DeliveryClaim, LeaseLost
from server.store.commitment_table import commitment
from server.store.tables import attempt, delivery

WAITING, SENT, DELIVERED, PARKED, DROPPED = "waiting", "sent", "delivered", "parked", "dropped"
"""Sent: its destination has it, and says later whether it keeps it; what follows it does not wait for that.

Dropped: a notification that nobody waits for any more, or a part of an opinion that was withdrawn before
anybody can have had it; what it told is told anew or not at all."""
UNTOUCHED = "untouched"
"""How an attempt ends that cannot have left anything there; whether another follows, the delivery says."""


def arrived(connection: Connection, claim: DeliveryClaim, receipt: Receipt, at: datetime) -> None:
    """Raises LeaseLost, as ``failed`` does, when it has passed to somebody else or was dropped."""
    proof = json.dumps(asdict(receipt))
    _fenced(
        connection,
        claim,
        state=DELIVERED,
        due_at=None,
        delivered_at=at,
        receipt=proof,
        lease_token=None,
        lease_until=None,
    )
    spoken = () if receipt.status is None else (_spoken(receipt.status),)
    _note(connection, claim, at, "delivered", ", ".join((receipt.how, *spoken)))


def failed(
    connection: Connection,
    claim: DeliveryClaim,
    reason: str,
    retry_at: datetime | None,
    at: datetime,
    *,
    untouched: bool = False,
) -> None:
    """Try again at ``retry_at``; None parks it."""
    state = PARKED if retry_at is None else WAITING
    _fenced(connection, claim, state=state, due_at=retry_at, lease_token=None, lease_until=None)
    outcome = "parked" if retry_at is None else "failed"
    _note(connection, claim, at, UNTOUCHED if untouched else outcome, reason)


def awaits(connection: Connection, claim: DeliveryClaim, why: str, until: datetime, at: datetime) -> None:
    """Locks the delivery before it looks: who is told meanwhile finds it waiting, and wakes it."""
    _fenced(connection, claim, state=SENT, due_at=until, lease_token=None, lease_until=None)
    heard = exists().where(
        commitment.c.document_id == claim.document.id,
        commitment.c.state.in_((Promise.COMMITTED.value, Promise.FAILED.value)),
    )
    connection.execute(
        update(delivery).where(delivery.c.document_id == claim.document.id, heard).values(due_at=at)
    )
    _note(connection, claim, at, "sent", why)


def _spoken(status: int) -> str:
    """DICOM's are written in hexadecimal; below 600 only 0000 is no failure (PS3.7 annex C)."""
    return f"HTTP {status}" if 100 <= status < 600 else f"status {status:04X}"


def _note(connection: Connection, claim: DeliveryClaim, at: datetime, outcome: str, detail: str) -> None:
    connection.execute(
        insert(attempt),
        {
            "document_id": claim.document.id,
            "number": claim.attempt,
            "at": at,
            "outcome": outcome,
            "detail": detail,
        },
    )


def _fenced(connection: Connection, claim: DeliveryClaim, **values: Any) -> None:
    changed = connection.execute(
        update(delivery)
        .where(and_(delivery.c.document_id == claim.document.id, delivery.c.lease_token == claim.token))
        .values(**values)
    ).rowcount
    if changed != 1:
        raise LeaseLost
