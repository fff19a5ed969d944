"""The queue of what subscribers are told: the ordinary deliveries, with what follows from each."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, update

from server.model import Receipt
from server.notices import Occurrence, Subscribed
from server.ports import DeliveryClaim, ResourceWrite
from server.store import attempts, deliveries, resources, subscriptions
from server.store.database import Database
from server.store.handed import notified
from server.store.subscriptions import Subscriptions
from server.store.tables import delivery


class Notifications:
    """Both sides: what couriers do, and what the door reads (``server.notices.Notices``)."""

    def __init__(self, database: Database, subscribers: Subscriptions, lease: timedelta) -> None:
        self._database = database
        self._subscribers = subscribers
        self._lease = lease

    # -- couriers --------------------------------------------------------------------------

    def claim(self, at: datetime) -> DeliveryClaim | None:
        """Take the notification that has been due longest."""
        ready = deliveries.ready_notice(at)
        if not self._database.read(lambda c: c.execute(ready).first() is not None):
            return None
        token = str(uuid.uuid4())
        return self._database.write(lambda c: self._claim(c, at, token))

    def delivered(
        self, claim: DeliveryClaim, receipt: Receipt, at: datetime, writes: Sequence[ResourceWrite]
    ) -> None:
        """It has been received; ``writes`` are what that makes of the Subscription.

        Raises:
            LeaseLost: it has passed to somebody else, or is not to be told any more.
            Raced: the Subscription has changed meanwhile.
        """

        def work(connection: Connection) -> None:
            attempts.arrived(connection, claim, receipt, at)
            notified(connection, claim, receipt.told, at)
            resources.apply(connection, writes, None)
            self._subscribers.settled(connection, claim.document, at)

        self._database.write(work)

    def failed(self, claim: DeliveryClaim, reason: str, retry_at: datetime, at: datetime) -> None:
        """Try again at ``retry_at``; raises LeaseLost."""
        self._database.write(lambda c: attempts.failed(c, claim, reason, retry_at, at))

    def given_up(
        self, claim: DeliveryClaim, reason: str, at: datetime, writes: Sequence[ResourceWrite]
    ) -> None:
        """Park it, but for a handshake; raises as ``delivered``."""

        def work(connection: Connection) -> None:
            attempts.failed(connection, claim, reason, None, at)
            resources.apply(connection, writes, None)
            self._subscribers.given_up(connection, claim.document)

        self._database.write(work)

    def due(self, at: datetime) -> tuple[str, bool] | None:
        """The subscription that has something to do of its own, and whether that is its end."""
        return self._database.read(lambda c: subscriptions.due(c, at))

    def beat(self, id_: str, at: datetime) -> None:
        self._database.write(lambda c: self._subscribers.beat(c, id_, at))

    def ended(self, id_: str, writes: Sequence[ResourceWrite]) -> None:
        """Its time is over; raises Raced."""

        def work(connection: Connection) -> None:
            resources.apply(connection, writes, None)
            self._subscribers.end(connection, id_)

        self._database.write(work)

    # -- the door --------------------------------------------------------------------------

    def subscribed(self, ids: Collection[str]) -> Mapping[str, Subscribed]:
        return self._database.read(lambda c: subscriptions.of_ids(c, list(ids)))

    def occurrences(self, id_: str, first: int, last: int, limit: int) -> Sequence[Occurrence]:
        return self._database.read(lambda c: subscriptions.occurrences(c, id_, first, last, limit))

    def listening(self, client: str) -> int:
        return self._database.read(lambda c: subscriptions.listening(c, client))

    def _claim(self, connection: Connection, at: datetime, token: str) -> DeliveryClaim | None:
        claimed = deliveries.claim(connection, deliveries.ready_notice(at), at + self._lease, token)
        if claimed is None:
            return None
        # The lease outlasts the attempt: each subscriber says how long one may take.
        until = at + self._lease + subscriptions.patience(connection, claimed.document.destination)
        held = update(delivery).where(delivery.c.document_id == claimed.document.id)
        connection.execute(held.values(lease_until=until))
        return claimed
