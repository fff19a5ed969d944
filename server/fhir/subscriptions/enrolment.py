"""A Subscription that is written: whether it can be kept, and where it stands then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from server.caller import Deed
from server.errors import Category, fault
from server.fhir.access import Rights
from server.fhir.subscriptions.addresses import Reachable
from server.fhir.subscriptions.channel import demand_channel, filters_of, topic_of
from server.fhir.subscriptions.criteria import demand_filter
from server.fhir.subscriptions.ownership import with_owner
from server.fhir.times import moment
from server.notices import Notices, Standing, Subscriber, Subscribing
from server.ports import Resource

MOST = 100
"""Subscriptions of one client that are not off."""
_AS_BEFORE = ("criteria", "_criteria", "channel")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The rules for Subscriptions of one caller."""

    rights: Rights
    notices: Notices
    reachable: Reachable

    def weigh(
        self, sent: Resource, before: Resource | None, at: datetime, id_: str
    ) -> tuple[Resource, Subscribing]:
        """The resource as it is to be kept, and what the store does with it. ``before`` is what it follows.

        Raises:
            Fault: UNPROCESSABLE with what is accepted; FORBIDDEN without the scope that reads what is told.
        """
        channel, topic = demand_channel(sent, self.reachable), topic_of(sent)
        filters = tuple(filters_of(sent))
        for each in filters:
            demand_filter(topic.type, each, self.rights.base)
        self.rights.demand(topic.type, Deed.READ)
        standing = self._standing(sent, before)
        caller = self.rights.caller
        wish = Subscribing(
            subscriber=Subscriber(id_, caller.client, " ".join(map(str, caller.scopes)), topic.name, filters),
            standing=standing,
            most=channel.most,
            timeout=channel.timeout,
            heartbeat=channel.heartbeat,
            ends_at=_end(sent, at),
        )
        kept = {name: part for name, part in sent.items() if name != "error"}
        return with_owner({**kept, "status": standing.value}, caller.client), wish

    def _standing(self, sent: Resource, before: Resource | None) -> Standing:
        """Off as asked; active only where it is and nothing of the way there changes; else it is greeted."""
        asked = Standing(sent["status"])
        if asked is Standing.ERROR:
            text = "error is said by this server; requested asks it to try again, off to stop"
            raise fault(Category.UNPROCESSABLE, "business-rule", text, "Subscription.status")
        if asked is Standing.OFF:
            return asked
        last = {} if before is None else before
        if asked is Standing.ACTIVE and last.get("status") == asked and _same(sent, last):
            return asked
        fresh = last.get("status") not in (Standing.REQUESTED, Standing.ACTIVE, Standing.ERROR)
        if fresh and self.notices.listening(self.rights.caller.client) >= MOST:
            text = f"up to {MOST} subscriptions of one client are kept that are not off; set others off first"
            raise fault(Category.UNPROCESSABLE, "too-costly", text, "Subscription.status")
        return Standing.REQUESTED


def _same(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return all(one.get(name) == other.get(name) for name in _AS_BEFORE)


def _end(resource: Resource, at: datetime) -> datetime | None:
    if "end" not in resource:
        return None
    end = moment(str(resource["end"]))
    if end is None or (end <= at and resource["status"] != Standing.OFF):
        text = "an instant in the future is accepted"
        raise fault(Category.UNPROCESSABLE, "value", text, "Subscription.end")
    return end
