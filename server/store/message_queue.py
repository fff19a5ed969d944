"""The queue of HL7 v2 messages: in the order of their patients, each claimed by one worker, settled once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite has the same words for what it adds

from server.messages import Message, MessageClaim, Settled, Standing
from server.ports import LeaseLost
from server.store.message_tables import message, message_lane, message_latest
from server.store.tables import arrival

_BLOCKING = (Standing.WAITING, Standing.FAULTED)
_STUCK = (Standing.HELD, Standing.PARKED, Standing.FAULTED)
"""What a person may decide about."""


def due(at: datetime) -> Any:
    """Whoever came before about one of its patients goes first, unless it is done, held or parked."""
    mine, theirs, before = message_lane.alias(), message_lane.alias(), message.alias()
    waits = (
        select(theirs.c.seq)
        .join(mine, mine.c.lane == theirs.c.lane)
        .join(before, before.c.seq == theirs.c.seq)
        .where(
            mine.c.seq == message.c.seq,
            theirs.c.seq < message.c.seq,
            before.c.standing.in_([each.value for each in _BLOCKING]),
        )
    )
    free = or_(message.c.lease_until.is_(None), message.c.lease_until < at)
    return (
        select(message.c.seq)
        .where(message.c.due_at <= at, free, ~exists(waits))
        .order_by(message.c.due_at, message.c.seq)
        .limit(1)
    )


def claim(connection: Connection, at: datetime, until: datetime, token: str) -> Any:
    found = connection.execute(due(at).with_for_update(skip_locked=True, of=message)).first()
    if found is None:
        return None
    connection.execute(
        update(message).where(message.c.seq == found.seq).values(lease_token=token, lease_until=until)
    )
    return connection.execute(
        select(message, arrival.c.body)
        .join(arrival, arrival.c.id == message.c.id)
        .where(message.c.seq == found.seq)
    ).one()


def settle(connection: Connection, claimed: MessageClaim, settled: Settled, at: datetime) -> None:
    was = claimed.message
    row = connection.execute(
        update(message)
        .where(message.c.id == was.id, message.c.lease_token == claimed.token)
        .values(
            standing=settled.standing.value,
            reasons=msgspec.json.encode(settled.reasons),
            notes=msgspec.json.encode(tuple(dict.fromkeys((*was.notes, *settled.notes)))),
            attempts=was.attempts + 1,
            due_at=settled.due_at,
            lease_token=None,
            lease_until=None,
        )
        .returning(message.c.seq)
    ).one_or_none()
    if row is None:
        raise LeaseLost
    _tell_latest(connection, settled.changed, was.happened_at)
    if settled.standing is Standing.APPLIED:
        _wake_parked(connection, row.seq, at)
        connection.execute(delete(message_lane).where(message_lane.c.seq == row.seq))


def _wake_parked(connection: Connection, seq: int, at: datetime) -> None:
    """What waits for something about one of these patients looks whether it has come."""
    mine, theirs = message_lane.alias(), message_lane.alias()
    beside = select(theirs.c.seq).join(mine, mine.c.lane == theirs.c.lane).where(mine.c.seq == seq).distinct()
    connection.execute(
        update(message)
        .where(message.c.seq.in_(beside), message.c.standing == Standing.PARKED.value)
        .values(due_at=at)
    )


def _tell_latest(connection: Connection, patients: Sequence[str], sent_at: datetime) -> None:
    for patient in sorted(patients):
        made = upsert(message_latest).values(patient=patient, sent_at=sent_at)
        newer = made.excluded.sent_at > message_latest.c.sent_at
        connection.execute(
            made.on_conflict_do_update(
                index_elements=[message_latest.c.patient],
                set_={"sent_at": made.excluded.sent_at},
                where=newer,
            )
        )


def decide(connection: Connection, id_: str, decision: tuple[Standing, str], at: datetime) -> bool:
    """``decision``: what becomes of it, and in which words that stands beside its reasons."""
    standing, words = decision
    stuck = message.c.standing.in_([each.value for each in _STUCK])
    row = connection.execute(
        select(message).where(message.c.id == id_, stuck).with_for_update()
    ).one_or_none()
    if row is None:
        return False
    again = standing is Standing.WAITING
    connection.execute(
        update(message)
        .where(message.c.seq == row.seq)
        .values(
            standing=standing.value,
            due_at=at if again else None,
            attempts=0,
            reasons=msgspec.json.encode((*msgspec.json.decode(bytes(row.reasons)), words)),
        )
    )
    if not again:
        connection.execute(delete(message_lane).where(message_lane.c.seq == row.seq))
    return True


def read_row(row: Any) -> Message:
    plain = ("id", "link", "sender", "control_id", "kind", "version", "sent_at", "received_at")
    return Message(
        **{name: getattr(row, name) for name in plain},
        standing=Standing(row.standing),
        attempts=row.attempts,
        reasons=tuple(msgspec.json.decode(bytes(row.reasons))),
        notes=tuple(msgspec.json.decode(bytes(row.notes))),
        reused=bool(row.reused),
        due_at=row.due_at,
    )
