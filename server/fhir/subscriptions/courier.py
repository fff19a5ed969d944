"""Takes notifications to subscribers: POST to the endpoint, any 2xx is a receipt (backport IG, REST-Hook).

What is told is made when it is sent, from the events as they are numbered and from what the subscriber may
see then. So it is the same when it is sent again, but for what must not be told any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import msgspec

from server.errors import Category
from server.fhir import xml_write
from server.fhir.audit.witness import versioned
from server.fhir.exchange import JSON
from server.fhir.line import Connect, Line, Question, connect
from server.fhir.parse import own
from server.fhir.proof import Answer, retry_after
from server.fhir.subscriptions.addresses import Reachable, public
from server.fhir.subscriptions.channel import Channel, channel_of
from server.fhir.subscriptions.notification import Told, Words
from server.fhir.subscriptions.sight import Clients, rights_of, told
from server.fhir.write import dump
from server.model import Destination, Document, Receipt
from server.notices import Notice, Notices, Subscribed, Telling
from server.ports import Resource, Seals, Shelf, Undelivered

_LONGEST_WAIT = timedelta(minutes=15)
"""However long a subscriber asks us to wait."""


@dataclass(frozen=True, slots=True)
class NoticeCourier:
    """Knows subscribers by their Subscriptions; dials where the operator lets it."""

    shelf: Shelf
    seals: Seals
    notices: Notices
    clients: Clients
    base: str
    reachable: Reachable
    now: Callable[[], datetime]
    connect: Connect = connect

    def deliver(self, document: Document, attempt: int = 1) -> Receipt:
        """Raises Undelivered: GONE for good; everything else may pass by itself."""
        del attempt  # a subscriber tells a repeat by its numbers
        notice = msgspec.json.decode(document.content, type=Notice)
        stored = self.shelf.read("Subscription", notice.subscription)
        subscribed = self.notices.subscribed([notice.subscription]).get(notice.subscription)
        if stored is None or subscribed is None:
            raise Undelivered(Category.GONE, "not-found", "there is no such Subscription any more")
        resource = own(stored.body)
        channel = channel_of(resource)
        events = self._told(notice, subscribed)
        words = Words(self.base, subscribed, channel.content)
        bundle = words.bundle(notice.telling.value, events, self.now())
        receipt = self._post(channel, _written(bundle, channel.media_type))
        return replace(receipt, told=tuple(versioned(each) for each in words.whole(events)))

    def _told(self, notice: Notice, subscribed: Subscribed) -> list[Told]:
        if notice.telling is not Telling.EVENTS:
            return []
        rights = rights_of(subscribed.subscriber, self.clients, self.base)
        most = notice.last - notice.first + 1
        found = self.notices.occurrences(notice.subscription, notice.first, notice.last, most)
        with self.shelf.snapshot() as shelf:
            return [Told(each, told(shelf, self.seals, rights, each)) for each in found]

    def _post(self, channel: Channel, body: bytes) -> Receipt:
        if (reason := self.reachable.refusal(channel.endpoint)) is not None:
            raise Undelivered(Category.UNAVAILABLE, "forbidden", f"not dialled: {reason.text}")
        origin, path = _split(channel.endpoint)
        there = Destination("subscriber", origin, (), channel.timeout)
        may_lead = None if self.reachable.trusts(channel.endpoint) else public
        with Line(there, self.connect(there), patience=1, may_lead=may_lead) as line:
            headers = {**dict(channel.headers), "Content-Type": channel.media_type}
            answer = line.ask(Question("POST", path, headers, body))
        if 200 <= answer.status < 300:
            return Receipt(answer.status, (), "accepted")
        raise _refusal(answer)


def _split(endpoint: str) -> tuple[str, str]:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}", urlunsplit(("", "", parts.path or "/", parts.query, ""))


def _written(bundle: Resource, media_type: str) -> bytes:
    body = dump(bundle)
    return body if media_type == JSON else xml_write.write(own(body))


def _refusal(answer: Answer) -> Undelivered:
    """Whatever it is, it may pass: proxies answer for systems that are away. Only 410 is meant for good."""
    said = f"the subscriber answered HTTP {answer.status}"
    if answer.status == 410:
        return Undelivered(Category.GONE, "not-found", said)
    wait = retry_after(answer)
    wait = None if wait is None else min(wait, _LONGEST_WAIT)
    return Undelivered(Category.UNAVAILABLE, "transient", said, retry_after=wait)
