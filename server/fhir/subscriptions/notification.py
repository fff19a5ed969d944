"""What a subscriber is told: a Bundle of type history, SubscriptionStatus first (backport IG, Notifications).

In R4 SubscriptionStatus is Parameters, profile backport-subscription-status-r4; its numbers are strings.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.fhir.history import entry
from server.fhir.subscriptions.channel import EMPTY, FULL, IG
from server.fhir.subscriptions.topics import TOPICS
from server.notices import Occurrence, Subscribed
from server.ports import Resource, Stored
from server.times import instant

_STATUS = f"{IG}/StructureDefinition/backport-subscription-status-r4"
_NOTIFICATION = f"{IG}/StructureDefinition/backport-subscription-notification-r4"


@dataclass(frozen=True, slots=True)
class Told:
    """An event, and the version that it is about; None when the subscriber may not know of it any more."""

    occurrence: Occurrence
    stored: Stored | None


@dataclass(frozen=True, slots=True)
class Words:
    """From which server, of which subscription, with how much content something is told."""

    base: str
    of: Subscribed
    content: str
    error: str = ""

    @property
    def address(self) -> str:
        return f"{self.base}/Subscription/{self.of.subscriber.id}"

    def status(self, telling: str, told: Sequence[Told] = ()) -> Resource:
        """The Parameters that stand for SubscriptionStatus."""
        topic = TOPICS[self.of.subscriber.topic].url
        error = {"name": "error", "valueCodeableConcept": {"text": self.error}}
        return {
            "resourceType": "Parameters",
            "meta": {"profile": [_STATUS]},
            "parameter": [
                {"name": "subscription", "valueReference": {"reference": self.address}},
                *([] if self.content == EMPTY else [{"name": "topic", "valueCanonical": topic}]),
                {"name": "status", "valueCode": self.of.standing.value},
                {"name": "type", "valueCode": telling},
                {"name": "events-since-subscription-start", "valueString": str(self.of.events)},
                *(self._event(each) for each in told),
                *([error] if self.error else []),
            ],
        }

    def bundle(self, telling: str, told: Sequence[Told], at: datetime) -> Resource:
        """A whole notification; told again, it has the same numbers and names."""
        first = told[0].occurrence.number if told else self.of.events
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.address}/{telling}/{first}")
        status = {
            "fullUrl": f"urn:uuid:{name}",
            "resource": self.status(telling, told),
            "request": {"method": "GET", "url": f"{self.address}/$status"},
            "response": {"status": "200"},
        }
        return {
            "resourceType": "Bundle",
            "meta": {"profile": [_NOTIFICATION]},
            "type": "history",
            "timestamp": instant(at),
            "entry": [status, *(entry(self.base, each) for each in self.whole(told))],
        }

    def whole(self, told: Sequence[Told]) -> list[Stored]:
        """The versions that stand in it in full."""
        return [each.stored for each in told if each.stored is not None and self.content == FULL]

    def _event(self, told: Told) -> Resource:
        stored = told.stored
        parts: list[Resource] = [
            {"name": "event-number", "valueString": str(told.occurrence.number)},
            {"name": "timestamp", "valueInstant": instant(told.occurrence.at)},
        ]
        if stored is not None and self.content != EMPTY:
            reference = f"{self.base}/{stored.type}/{stored.id}"
            parts.append({"name": "focus", "valueReference": {"reference": reference}})
        return {"name": "notification-event", "part": parts}
