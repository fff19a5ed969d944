"""HL7 v2 messages: kept before they are acknowledged, claimed in the order of their patients, settled once.

What is acknowledged is known by who sent it, its control id and its bytes: the same again is given the same
answer, and nothing happens twice. A lease is fenced by its token, as that of a case.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite has the same words for what it adds

from server.messages import Heard, Kept, Message, MessageClaim, Settled, Standing, Turned
from server.ports import Arrival
from server.store import message_queue as queue
from server.store.database import Database
from server.store.intake import INLINE, arrive
from server.store.later_answers import promise
from server.store.message_tables import message, message_lane, message_latest, quarantine
from server.store.prepared import Prepared, at_most
from server.store.tables import arrival
from server.store.vault import Vault

DOOR = "hl7v2"
_KEEP_REFUSED = timedelta(days=7)
_MOST_REFUSED = 1024**3
_LONGEST_REFUSED = 1024 * 1024
"""Bytes of one refused message that are kept; its begin says what it was."""
_IDENTITY = ("link", "sender", "control_id", "digest")
_SAME_ID = and_(*(message.c[name] == bindparam(name) for name in _IDENTITY[:-1]))
_KNOWN = Prepared(select(message.c.answer).where(_SAME_ID, message.c.digest == bindparam("digest")))
_REUSED = Prepared(at_most(select(message.c.seq).where(_SAME_ID), 1))
_KEEP = Prepared(
    upsert(message)
    .values({c.name: bindparam(c.name) for c in message.c if c.name != "seq"})
    .on_conflict_do_nothing()
    .returning(message.c.seq)
)
_WAIT = Prepared(insert(message_lane).values(lane=bindparam("lane"), seq=bindparam("seq")))


class MessageStore:
    """``server.messages.Inbox``, and the queue behind it."""

    def __init__(self, database: Database, vault: Vault, lease: timedelta) -> None:
        self._database = database
        self._vault = vault
        self._lease = lease

    # -- the door ----------------------------------------------------------------------------

    def keep(self, heard: Heard, *, again: bytes | None = None) -> Kept:
        """All on disk on return; raises Fault(UNAVAILABLE) when it is not."""
        if len(heard.raw) > INLINE:
            self._vault.put(heard.raw)
        return self._database.write(lambda c: _keep(c, heard, again))

    def turn_away(self, turned: Turned) -> None:
        """Kept so that a person can see what was refused: for 7 days, 1 GiB at most."""
        self._database.write(lambda c: _turn_away(c, turned))

    # -- the queue ---------------------------------------------------------------------------

    def claim(self, at: datetime) -> MessageClaim | None:
        """The first due message that has to wait for none of its patients', or None."""
        if self._database.read(lambda c: c.execute(queue.due(at)).first()) is None:
            return None
        token = str(uuid.uuid4())
        row = self._database.write(lambda c: queue.claim(c, at, at + self._lease, token))
        if row is None:
            return None
        body = row.body
        raw = bytes(body) if body is not None else self._vault.get(row.digest)
        return MessageClaim(queue.read_row(row), raw, token)

    def settle(self, claim: MessageClaim, settled: Settled, at: datetime) -> None:
        """Raises LeaseLost when it is another's by now."""
        self._database.write(lambda c: queue.settle(c, claim, settled, at))

    def latest(self, patient: str) -> datetime | None:
        """When the newest message was sent that has changed the data of ``Patient/id``."""
        query = select(message_latest.c.sent_at).where(message_latest.c.patient == patient)
        found = self._database.read(lambda c: c.execute(query).scalar())
        return found if found is None or isinstance(found, datetime) else None

    # -- people ------------------------------------------------------------------------------

    def listed(self, standings: Sequence[Standing], limit: int) -> list[Message]:
        """The newest of these standings; of any when none are named."""
        query = select(message).order_by(message.c.seq.desc()).limit(limit)
        if standings:
            query = query.where(message.c.standing.in_([each.value for each in standings]))
        return self._database.read(lambda c: [queue.read_row(row) for row in c.execute(query)])

    def read(self, id_: str) -> Message | None:
        query = select(message).where(message.c.id == id_)
        row = self._database.read(lambda c: c.execute(query).one_or_none())
        return None if row is None else queue.read_row(row)

    def counts(self) -> dict[Standing, int]:
        """Of those that are not done."""
        done = [Standing.APPLIED.value, Standing.SET_ASIDE.value]
        query = select(message.c.standing, func.count()).where(message.c.standing.not_in(done))
        query = query.group_by(message.c.standing)
        return self._database.read(lambda c: {Standing(name): n for name, n in c.execute(query)})

    def oldest_waiting(self) -> datetime | None:
        """Since when the message waits that has waited longest."""
        query = select(func.min(message.c.received_at)).where(message.c.standing == Standing.WAITING.value)
        found = self._database.read(lambda c: c.execute(query).scalar())
        return found if isinstance(found, datetime) else None

    def decide(self, id_: str, standing: Standing, words: str, at: datetime) -> bool:
        """A person has it tried again (WAITING) or sets it aside; False when it is not theirs to decide.

        ``words``: who, and why; they stand beside its reasons.
        """
        return self._database.write(lambda c: queue.decide(c, id_, (standing, words), at))

    def raw(self, id_: str) -> tuple[bytes, bytes] | None:
        """A message as it came, and what it was answered; of one that was refused by its number."""
        if id_.isascii() and id_.isdigit():
            of_refused = select(quarantine.c.body, quarantine.c.answer).where(quarantine.c.seq == int(id_))
            found = self._database.read(lambda c: c.execute(of_refused).one_or_none())
            return None if found is None else (bytes(found.body), bytes(found.answer))
        kept = select(arrival.c.body, arrival.c.digest, message.c.answer).where(
            arrival.c.id == message.c.id, message.c.id == id_
        )
        row = self._database.read(lambda c: c.execute(kept).one_or_none())
        if row is None:
            return None
        return bytes(row.body) if row.body is not None else self._vault.get(row.digest), bytes(row.answer)

    def refused(self, limit: int) -> list[tuple[int, str, datetime, str, int]]:
        """The newest that were refused: number, link, when, why, bytes."""
        seen = quarantine.c
        query = select(seen.seq, seen.link, seen.received_at, seen.reason, seen.size)
        newest = query.order_by(seen.seq.desc()).limit(limit)
        return self._database.read(lambda c: [tuple(row) for row in c.execute(newest)])


def _keep(connection: Connection, heard: Heard, again: bytes | None) -> Kept:
    known = _known(connection, heard)
    if known is not None:
        return Kept(known, repeated=True)
    reused = _REUSED.run(connection, **_named(heard)).fetchone() is not None
    if reused and again is not None:
        return Kept(again, reused=True)
    kept = _KEEP.run(connection, **_row(heard), reused=reused).fetchone()
    if kept is None:  # another listener has the same message at this moment
        return Kept(_known(connection, heard) or heard.answer, repeated=True)
    arrive(connection, _arrival(heard))
    promise(connection, heard.later, heard.received_at)
    _WAIT.run_many(connection, ({"lane": lane, "seq": kept[0]} for lane in dict.fromkeys(heard.lanes)))
    return Kept(heard.answer, reused=reused)


def _known(connection: Connection, heard: Heard) -> bytes | None:
    row = _KNOWN.run(connection, **_named(heard)).fetchone()
    return None if row is None else bytes(row[0])


def _named(heard: Heard) -> dict[str, Any]:
    return {name: getattr(heard, name) for name in _IDENTITY}


def _row(heard: Heard) -> dict[str, Any]:
    return {
        **_named(heard),
        **{name: getattr(heard, name) for name in ("id", "kind", "version")},
        "sent_at": heard.sent_at,
        "received_at": heard.received_at,
        "answer": heard.answer,
        "notes": msgspec.json.encode(heard.notes),
        "standing": Standing.WAITING.value,
        "reasons": b"[]",
        "attempts": 0,
        "due_at": heard.received_at,
    }


def _arrival(heard: Heard) -> Arrival:
    return Arrival(heard.id, DOOR, heard.kind, heard.received_at, heard.raw, heard.digest)


def _turn_away(connection: Connection, turned: Turned) -> None:
    forgotten = turned.received_at - _KEEP_REFUSED
    connection.execute(delete(quarantine).where(quarantine.c.received_at < forgotten))
    body = turned.raw[:_LONGEST_REFUSED]
    held = connection.execute(select(func.coalesce(func.sum(func.length(quarantine.c.body)), 0))).scalar_one()
    while held + len(body) > _MOST_REFUSED:
        first = select(func.min(quarantine.c.seq)).scalar_subquery()
        gone = connection.execute(
            delete(quarantine).where(quarantine.c.seq == first).returning(func.length(quarantine.c.body))
        ).scalar()
        if gone is None:
            break
        held -= gone
    promise(connection, turned.later, turned.received_at)
    connection.execute(
        insert(quarantine).values(
            link=turned.link,
            received_at=turned.received_at,
            reason=turned.reason[:500],
            size=len(turned.raw),
            body=body,
            answer=turned.answer,
        )
    )
