"""Who hears a change: whoever asked for it, and may know of it (``server.notices.Listening``)."""

from __future__ import annotations

from dataclasses import dataclass

from server.fhir.query.meeting import Unwritten
from server.fhir.subscriptions.criteria import fits
from server.fhir.subscriptions.sight import Clients, in_sight, rights_of
from server.fhir.subscriptions.topics import topics_of
from server.notices import Subscriber
from server.ports import ResourceWrite


@dataclass(frozen=True, slots=True)
class TopicListening:
    """Our topics, and the clients as they are registered now."""

    base: str
    clients: Clients

    def topics(self, write: ResourceWrite) -> tuple[str, ...]:
        return topics_of(write)

    def hears(self, subscriber: Subscriber, write: ResourceWrite) -> bool:
        changed = Unwritten(write.id, write.index, write.updated_at)
        if not fits(write.type, subscriber.criteria, self.base, changed):
            return False
        rights = rights_of(subscriber, self.clients, self.base)
        return in_sight(rights, write.type, write.id, write.index)
