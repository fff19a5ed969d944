"""What happens is numbered for whoever hears it, in the commit in which it happens; then it is told in order.

A subscription has at most one delivery under way, and the next one begins after the last event that was told:
so a subscriber gets everything in order, and one that is slow keeps nobody else waiting.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Connection,
    Row,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from server.model import Document
from server.notices import (
    Listening,
    Notice,
    Occurrence,
    Standing,
    Subscribed,
    Subscriber,
    Subscribing,
    Telling,
)
from server.ports import SEALABLE, Intake, Method, ResourceWrite
from server.store.deliveries import drop, enqueue_notice
from server.store.prepared import Prepared
from server.store.seals import may_tell, under_seal
from server.store.subscription_tables import occurrence, subscription
from server.store.tables import resource

_HEARING = (Standing.REQUESTED, Standing.ACTIVE, Standing.ERROR)
"""Whoever could not be reached is counted for all the same, and told when they can be."""
_OF_TOPIC = Prepared(
    select(
        subscription.c.id,
        subscription.c.client,
        subscription.c.scopes,
        subscription.c.topic,
        subscription.c.criteria,
    )
    .where(
        subscription.c.topic == bindparam("of"),
        or_(*(subscription.c.standing == each.value for each in _HEARING)),
    )
    .order_by(subscription.c.id)
)
_COUNT = Prepared(
    update(subscription)
    .where(subscription.c.id == bindparam("of"))
    .values(events=subscription.c.events + bindparam("more", type_=BigInteger()))
    .returning(subscription.c.events, subscription.c.standing, subscription.c.document_id)
)
_HAPPENED = Prepared(insert(occurrence).values({c.name: bindparam(c.name) for c in occurrence.c}))
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Numbers what subscribers hear. Without ``listening`` nobody does."""

    listening: Listening | None = None
    window: timedelta = _WEEK
    """How long a notification is tried before the subscriber is given up."""

    def heard(self, connection: Connection, writes: Sequence[ResourceWrite], at: datetime) -> None:
        """Number these changes for everybody who hears them: for most there is nobody to ask."""
        if self.listening is None:
            return
        told: dict[str, list[ResourceWrite]] = {}
        asked: dict[str, list[Subscriber]] = {}
        for write in writes:
            for topic in self.listening.topics(write):
                if topic not in asked:
                    rows = _OF_TOPIC.run(connection, of=topic).fetchall()
                    asked[topic] = [_subscriber(row) for row in rows]
                for each in asked[topic]:
                    if self.listening.hears(each, write) and not _sealed(connection, write):
                        told.setdefault(each.id, []).append(write)
        for id_ in sorted(
            told
        ):  # in one order everywhere: two commits that lock rows must not wait for each other
            self._count(connection, id_, told[id_], at)

    def enrol(self, connection: Connection, wish: Subscribing, at: datetime) -> None:
        """A Subscription has been written: what was under way is dropped, who wants to listen is greeted."""
        id_, off = wish.subscriber.id, wish.standing is Standing.OFF
        values = {
            "client": wish.subscriber.client,
            "scopes": wish.subscriber.scopes,
            "topic": wish.subscriber.topic,
            "criteria": json.dumps(wish.subscriber.criteria),
            "standing": wish.standing.value,
            "most": wish.most,
            "timeout": int(wish.timeout.total_seconds()),
            "heartbeat": None if wish.heartbeat is None else int(wish.heartbeat.total_seconds()),
            "ends_at": wish.ends_at,
            "due_at": None if off else _next(at, wish.heartbeat, wish.ends_at),
        }
        known = update(subscription).where(subscription.c.id == id_).values(**values)
        if connection.execute(known).rowcount == 0:
            connection.execute(insert(subscription).values(id=id_, events=0, sent=0, **values))
        if wish.standing is not Standing.ACTIVE:
            self._drop(connection, id_)
        if wish.standing is Standing.REQUESTED:
            self._tell(connection, _row(connection, id_), Notice(id_, Telling.HANDSHAKE), at)
        else:
            self.follow(connection, id_, at)

    def end(self, connection: Connection, id_: str) -> None:
        """Deleted, or over: nothing more is heard or told."""
        off = {"standing": Standing.OFF.value, "due_at": None}
        connection.execute(update(subscription).where(subscription.c.id == id_).values(**off))
        self._drop(connection, id_)

    def took(self, connection: Connection, intake: Intake) -> None:
        """What a door has written: Subscriptions, and what subscribers hear of the rest."""
        at = intake.arrival.received_at
        for write in intake.writes:
            if write.type == "Subscription" and write.method is Method.DELETE:
                self.end(connection, write.id)
        for wish in intake.subscribings:
            self.enrol(connection, wish, at)
        self.heard(connection, [each for each in intake.writes if each.method is not Method.DELETE], at)

    def settled(self, connection: Connection, document: Document, at: datetime) -> None:
        """A notification has been received: the subscriber is there, and is told what comes next."""
        notice = notice_of(document)
        row = _row(connection, notice.subscription)
        if row.document_id != document.id:
            return
        heartbeat = None if row.heartbeat is None else timedelta(seconds=row.heartbeat)
        values = {
            "document_id": None,
            "standing": Standing.ACTIVE.value,
            "sent": max(row.sent, notice.last),
            "due_at": _next(at, heartbeat, row.ends_at),
        }
        connection.execute(update(subscription).where(subscription.c.id == row.id).values(**values))
        self.follow(connection, row.id, at)

    def given_up(self, connection: Connection, document: Document) -> bool:
        """Nothing is sent until a person or the client says so; whether a person is to look.

        A handshake that fails is the client's to repeat.
        """
        notice = notice_of(document)
        values = {"standing": Standing.ERROR.value}
        connection.execute(
            update(subscription).where(subscription.c.id == notice.subscription).values(**values)
        )
        if notice.telling is Telling.HANDSHAKE:
            self._drop(connection, notice.subscription)
            return False
        return True

    def beat(self, connection: Connection, id_: str, at: datetime) -> None:
        """It has been quiet for as long as the client wants it to be; what is under way is no quiet."""
        row = _row(connection, id_)
        if row.due_at is None or row.due_at > at:
            return  # somebody else was faster
        heartbeat = None if row.heartbeat is None else timedelta(seconds=row.heartbeat)
        due = {"due_at": _next(at, heartbeat, row.ends_at)}
        connection.execute(update(subscription).where(subscription.c.id == id_).values(**due))
        if heartbeat is not None and row.document_id is None and row.standing == Standing.ACTIVE:
            self._tell(connection, row, Notice(id_, Telling.HEARTBEAT), at)

    def follow(self, connection: Connection, id_: str, at: datetime) -> None:
        """Lay out the next events to tell, when nothing is under way."""
        row = _row(connection, id_)
        if row.document_id is None and row.standing == Standing.ACTIVE and row.sent < row.events:
            last = min(row.events, row.sent + row.most)
            self._tell(connection, row, Notice(id_, Telling.EVENTS, row.sent + 1, last), at)

    def _count(self, connection: Connection, id_: str, writes: Sequence[ResourceWrite], at: datetime) -> None:
        last, standing, underway = _COUNT.run(connection, of=id_, more=len(writes)).fetchone()
        for number, write in enumerate(writes, start=int(last) - len(writes) + 1):
            _HAPPENED.run(
                connection,
                subscription_id=id_,
                number=number,
                at=at,
                type=write.type,
                resource_id=write.id,
                version=write.version,
            )
        if standing == Standing.ACTIVE and underway is None:
            self.follow(connection, id_, at)

    def _tell(self, connection: Connection, row: Row[Any], notice: Notice, at: datetime) -> None:
        document = Document(
            id=str(uuid.uuid4()),
            kind=notice.telling.value,
            destination=f"Subscription/{row.id}",
            media_type="application/json",
            content=msgspec.json.encode(notice),
        )
        # A handshake is tried once: any error in it is the subscription's (backport IG, rest-hook).
        window = timedelta(0) if notice.telling is Telling.HANDSHAKE else self.window
        enqueue_notice(connection, document, notice.last, at, window)
        connection.execute(
            update(subscription).where(subscription.c.id == row.id).values(document_id=document.id)
        )

    def _drop(self, connection: Connection, id_: str) -> None:
        row = _row(connection, id_)
        if row.document_id is not None:
            drop(connection, row.document_id)
            free = update(subscription).where(subscription.c.id == id_).values(document_id=None)
            connection.execute(free)


DEAF = Subscriptions()


def notice_of(document: Document) -> Notice:
    return msgspec.json.decode(document.content, type=Notice)


def of_ids(connection: Connection, ids: Sequence[str]) -> dict[str, Subscribed]:
    query = select(subscription).where(subscription.c.id.in_(ids))
    return {
        row.id: Subscribed(_named(row), Standing(row.standing), row.events, row.sent)
        for row in connection.execute(query)
    }


def occurrences(connection: Connection, id_: str, first: int, last: int, limit: int) -> list[Occurrence]:
    query = (
        select(occurrence)
        .where(occurrence.c.subscription_id == id_, occurrence.c.number.between(first, last))
        .order_by(occurrence.c.number)
        .limit(limit)
    )
    return [
        Occurrence(row.number, row.at, row.type, row.resource_id, row.version)
        for row in connection.execute(query)
    ]


def listening(connection: Connection, client: str) -> int:
    query = select(func.count()).where(
        subscription.c.client == client, subscription.c.standing.in_([each.value for each in _HEARING])
    )
    return int(connection.execute(query).scalar_one())


def due(connection: Connection, at: datetime) -> tuple[str, bool] | None:
    """The subscription that has something to do of its own, and whether that is its end."""
    query = select(subscription.c.id, subscription.c.ends_at).where(subscription.c.due_at <= at)
    row = connection.execute(query.order_by(subscription.c.due_at).limit(1)).one_or_none()
    return None if row is None else (row.id, row.ends_at is not None and row.ends_at <= at)


def patience(connection: Connection, destination: str) -> timedelta:
    """How long one attempt to tell a subscriber may take."""
    query = select(subscription.c.timeout).where(subscription.c.id == destination.partition("/")[2])
    return timedelta(seconds=int(connection.execute(query).scalar_one()))


def _row(connection: Connection, id_: str) -> Row[Any]:
    return connection.execute(select(subscription).where(subscription.c.id == id_)).one()


def _subscriber(row: Sequence[Any]) -> Subscriber:
    return Subscriber(row[0], row[1], row[2], row[3], tuple(json.loads(row[4])))


def _named(row: Row[Any]) -> Subscriber:
    return _subscriber((row.id, row.client, row.scopes, row.topic, row.criteria))


def _next(at: datetime, heartbeat: timedelta | None, ends_at: datetime | None) -> datetime | None:
    beats = None if heartbeat is None else at + heartbeat
    return min((each for each in (beats, ends_at) if each is not None), default=None)


def _sealed(connection: Connection, write: ResourceWrite) -> bool:
    """Whether it is an opinion on a question that is open, as this commit leaves it."""
    if write.type not in SEALABLE and not may_tell(write):
        return False
    own = resource.alias()
    sealed = exists().where(own.c.type == write.type, own.c.id == write.id, under_seal(write.type, own))
    return bool(connection.execute(select(sealed)).scalar_one())
