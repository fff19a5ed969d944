"""Tells subscribers what has happened, each in order, and says of each Subscription how it stands.

Like every delivery: tried again with growing pauses, given up after a stored time. Then the Subscription is
in error; its events are counted on, and told from where it stopped once its client or a person asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.errors import Category, Fault
from server.fhir.subscriptions.standing import Look, become
from server.log import logger
from server.notices import Standing
from server.ports import Courier, DeliveryClaim, LeaseLost, Raced
from server.routing.deadlines import retry_delay
from server.store.notifications import Notifications
from server.worker import Now, asked_to_wait, foreseen

_RACES = 10
_EVERY = timedelta(seconds=1)
"""How often it is looked whose heartbeat is due, or whose end."""


@dataclass(slots=True)
class Notifier:
    """Takes notifications to subscribers."""

    notifications: Notifications
    courier: Courier
    look: Look
    now: Now
    _looks_at: datetime | None = field(default=None, init=False)

    def once(self) -> bool:
        """Attempt one due notification, or find one that is due by itself; False when there is none."""
        at = self.now()
        claim = self.notifications.claim(at)
        if claim is None:
            return self._beat(at)
        try:
            self._attempt(claim)
        except LeaseLost:
            logger().warning("lease lost", document=claim.document.id)
        return True

    def _attempt(self, claim: DeliveryClaim) -> None:
        document = claim.document
        try:
            receipt = foreseen(lambda: self.courier.deliver(document, claim.attempt), document=document.id)
        except Fault as failure:
            self._failed(claim, failure)
            return

        def settle(at: datetime) -> None:
            writes = become(self.look, _subscription(claim), Standing.ACTIVE, at)
            self.notifications.delivered(claim, receipt, at, writes)

        self._until_won(settle)
        logger().info("notified", document=document.id, kind=document.kind, subscriber=document.destination)

    def _failed(self, claim: DeliveryClaim, failure: Fault) -> None:
        at, document = self.now(), claim.document
        again = at + max(retry_delay(claim.attempt, document.id), asked_to_wait(failure))
        over = again >= claim.give_up_at or failure.category is Category.GONE
        logger().warning(
            "notification failed",
            document=document.id,
            subscriber=document.destination,
            attempt=claim.attempt,
            given_up=over,
        )
        if not over:
            self.notifications.failed(claim, str(failure), again, at)
            return

        def give_up(at: datetime) -> None:
            writes = become(self.look, _subscription(claim), Standing.ERROR, at, str(failure))
            self.notifications.given_up(claim, str(failure), at, writes)

        self._until_won(give_up)

    def _beat(self, at: datetime) -> bool:
        if self._looks_at is not None and at < self._looks_at:
            return False
        self._looks_at = at + _EVERY
        found = self.notifications.due(at)
        if found is None:
            return False
        self._looks_at = None  # there may be more
        id_, over = found
        if over:
            self._until_won(
                lambda at: self.notifications.ended(id_, become(self.look, id_, Standing.OFF, at))
            )
        else:
            self.notifications.beat(id_, at)
        return True

    def _until_won(self, commit: Callable[[datetime], None]) -> None:
        """Its client may write the Subscription at the same moment: then look at it anew."""
        for _ in range(_RACES):
            try:
                commit(self.now())
            except Raced:
                continue
            return
        logger().warning("others write the same Subscription; it is tried again after the lease")


def _subscription(claim: DeliveryClaim) -> str:
    return claim.document.destination.partition("/")[2]
