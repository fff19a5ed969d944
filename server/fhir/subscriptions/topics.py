"""Our topics: of which changes they tell (Subscriptions R5 Backport IG, Subscription Topics).

R4 has no SubscriptionTopic; a topic is its canonical URL, what it tells of stands in docs/fhir-door.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from server.fhir.terms import OPINION_REPORT, SPECIALIST_READ, SR
from server.ports import ResourceWrite
from server.query import TokenRow


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of change that may be listened to."""

    name: str
    type: str
    """Of the resource that changes, the focus of its notifications."""
    tells: Callable[[ResourceWrite], bool]

    @property
    def url(self) -> str:
        return f"{SR}/SubscriptionTopic/{self.name}"


def _any_version(write: ResourceWrite) -> bool:
    del write
    return True


def _opinion(write: ResourceWrite) -> bool:
    """Released, or taken back: every version of a report that this server minted."""
    return any(
        isinstance(row, TokenRow) and (row.param, row.system) == ("identifier", OPINION_REPORT)
        for row in write.index
    )


def _offer(write: ResourceWrite) -> bool:
    """A Task with this code is made by this server only, one for each offer."""
    return (
        write.version == 1 and TokenRow("code", SPECIALIST_READ.system, SPECIALIST_READ.code) in write.index
    )


_ALL = (
    Topic("task-changed", "Task", _any_version),
    Topic("opinion-released", "DiagnosticReport", _opinion),
    Topic("referral-offered", "Task", _offer),
)
TOPICS: Mapping[str, Topic] = {each.name: each for each in _ALL}
BY_URL: Mapping[str, Topic] = {each.url: each for each in _ALL}
_BY_TYPE: Mapping[str, tuple[Topic, ...]] = {
    type_: tuple(each for each in _ALL if each.type == type_) for type_ in {each.type for each in _ALL}
}


def topics_of(write: ResourceWrite) -> tuple[str, ...]:
    """The topics that a new version is an event of; most types have none."""
    possible = _BY_TYPE.get(write.type)
    return tuple(each.name for each in possible if each.tells(write)) if possible else ()
