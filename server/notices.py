"""Subscriptions as values: who listens to what, what happened, which part of it is told next.

The FHIR door reads a Subscription into a ``Subscribing`` and says who hears a change (``Listening``); the
store numbers what each subscriber hears in the commit that changes it, and lays what is to be told next
among the deliveries. Neither knows the other's language.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from server.ports import ResourceWrite


class Standing(StrEnum):
    """Subscription.status (R4 subscription-status)."""

    REQUESTED = "requested"
    ACTIVE = "active"
    ERROR = "error"
    OFF = "off"


class Telling(StrEnum):
    """What a notification is for (R5 subscription-notification-type); also the kind of its document."""

    HANDSHAKE = "handshake"
    HEARTBEAT = "heartbeat"
    EVENTS = "event-notification"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who listens to what, under whose rights."""

    id: str
    client: str
    """client_id of the system that made it; empty where nobody is told apart."""
    scopes: str
    """What that system was granted when it did."""
    topic: str
    criteria: tuple[str, ...] = ()
    """``Type?query``; all of them to be met."""


@dataclass(frozen=True, slots=True)
class Subscribing:
    """A Subscription as it stands after a write."""

    subscriber: Subscriber
    standing: Standing
    most: int
    """How many events one notification tells at most."""
    timeout: timedelta
    heartbeat: timedelta | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event as one subscriber counts it."""

    number: int
    at: datetime
    type: str
    id: str
    version: int


@dataclass(frozen=True, slots=True)
class Notice:
    """What a delivery to a subscriber is to tell; its bytes are made when they are sent."""

    subscription: str
    telling: Telling
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Subscribed:
    """How a subscription stands."""

    subscriber: Subscriber
    standing: Standing
    events: int
    """How many there have been since it was made."""
    sent: int
    """The last one that has been told."""


class Listening(Protocol):
    """What the door knows of topics, criteria and rights."""

    def topics(self, write: ResourceWrite) -> tuple[str, ...]:
        """Of which topics a change is an event; none for most."""
        ...

    def hears(self, subscriber: Subscriber, write: ResourceWrite) -> bool:
        """Whether the subscriber asked for it, and may know of it."""
        ...


class Notices(Protocol):
    """Reading side of what subscribers are told."""

    def subscribed(self, ids: Collection[str]) -> Mapping[str, Subscribed]:
        """How these subscriptions stand."""
        ...

    def occurrences(self, id_: str, first: int, last: int, limit: int) -> Sequence[Occurrence]:
        """Events of one subscription from ``first`` to ``last``, in order."""
        ...

    def listening(self, client: str) -> int:
        """How many subscriptions of a client are not off."""
        ...
