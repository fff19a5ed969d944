"""A small real subscriber (Subscriptions R5 Backport on R4, REST-Hook): it keeps what it is told."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from conformance.peers.codes import SR, Resource
from conformance.peers.listener import Listener, Request
from conformance.peers.wire import Answer, decode

IG = "http://hl7.org/fhir/uv/subscriptions-backport"
_EXTENSION = f"{IG}/StructureDefinition/backport-"
TASK_CHANGED = f"{SR}/SubscriptionTopic/task-changed"


@dataclass(frozen=True, slots=True)
class Heard:
    """One event as it was told."""

    number: int
    focus: str
    """Address of the resource; empty when none was told."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification: its Bundle, and what its first entry says."""

    bundle: Resource
    headers: dict[str, str]
    kind: str
    subscription: str
    """Its address."""
    total: int
    heard: tuple[Heard, ...]


@dataclass
class Subscriber:
    """The program; a context manager. ``down`` closes its port, ``up`` opens the same one again."""

    slow: float = 0.0
    """Seconds that it thinks before it answers."""
    refuses: int | None = None
    """An HTTP status instead of 200."""
    notifications: list[Notification] = field(default_factory=list)
    """Those that it has taken."""
    wrong: list[str] = field(default_factory=list)
    """What is not as the guide has it."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._listener = Listener("127.0.0.1", 0, self._respond)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._listener.port}"

    @property
    def endpoint(self) -> str:
        return f"{self.base}/hook"

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def up(self) -> None:
        self._listener.open()

    def down(self) -> None:
        self._listener.close()

    def wants(
        self, *filters: str, topic: str = TASK_CHANGED, content: str = "id-only", **more: int
    ) -> Resource:
        """The Subscription to POST; ``more``: max_count, timeout, heartbeat_period."""
        told = [{"url": f"{_EXTENSION}filter-criteria", "valueString": each} for each in filters]
        numbers = [_number(name.replace("_", "-"), value) for name, value in more.items()]
        payload = [{"url": f"{_EXTENSION}payload-content", "valueCode": content}]
        return {
            "resourceType": "Subscription",
            "status": "requested",
            "reason": "A small subscriber wants to know",
            "criteria": topic,
            **({"_criteria": {"extension": told}} if told else {}),
            "channel": {
                **({"extension": numbers} if numbers else {}),
                "type": "rest-hook",
                "endpoint": self.endpoint,
                "payload": "application/fhir+json",
                "_payload": {"extension": payload},
                "header": ["Authorization: Bearer of-the-subscriber"],
            },
        }

    # -- what it knows ---------------------------------------------------------------------

    @property
    def events(self) -> list[Heard]:
        """Each number once, in the order in which it first came."""
        with self._lock:
            first: dict[int, Heard] = {}
            for each in self.notifications:
                for heard in each.heard:
                    first.setdefault(heard.number, heard)
            return list(first.values())

    @property
    def numbers(self) -> list[int]:
        return [each.number for each in self.events]

    @property
    def kinds(self) -> list[str]:
        with self._lock:
            return [each.kind for each in self.notifications]

    def out_of_order(self) -> bool:
        """Whether a number came before a smaller one, or one is missing among them."""
        return self.numbers != list(range(1, len(self.numbers) + 1))

    # -- the hook --------------------------------------------------------------------------

    def _respond(self, request: Request) -> Answer | None:
        time.sleep(self.slow)
        if self.refuses is not None:
            return Answer(self.refuses)
        with self._lock:
            try:
                self.notifications.append(read(request))
            except (KeyError, ValueError, IndexError, TypeError) as error:
                self.wrong.append(f"no notification: {type(error).__name__}")
                return Answer(400)
        return Answer(200)


def read(request: Request) -> Notification:
    """What a notification says.

    Raises:
        ValueError, KeyError, IndexError, TypeError: it is none.
    """
    bundle: Any = decode(request.body)
    if (request.method, bundle["resourceType"], bundle["type"]) != ("POST", "Bundle", "history"):
        raise ValueError("a POST of a Bundle of type history is expected")
    if any(not {"request", "response"} <= each.keys() for each in bundle["entry"]):
        raise ValueError("bdl-3, bdl-4: an entry of a history has request and response")
    status = bundle["entry"][0]["resource"]
    if status["resourceType"] != "Parameters":
        raise ValueError("the first entry is the status, as Parameters")
    named = {each["name"]: each for each in status["parameter"] if each["name"] != "notification-event"}
    told = [each for each in status["parameter"] if each["name"] == "notification-event"]
    return Notification(
        bundle=bundle,
        headers=request.headers,
        kind=named["type"]["valueCode"],
        subscription=named["subscription"]["valueReference"]["reference"],
        total=int(named["events-since-subscription-start"]["valueString"]),
        heard=tuple(_heard(each["part"]) for each in told),
    )


def _heard(parts: list[Resource]) -> Heard:
    named = {each["name"]: each for each in parts}
    focus = named.get("focus", {}).get("valueReference", {}).get("reference", "")
    return Heard(int(named["event-number"]["valueString"]), focus)


def _number(name: str, value: int) -> Resource:
    kind = "valuePositiveInt" if name == "max-count" else "valueUnsignedInt"
    return {"url": f"{_EXTENSION}{name}", kind: value}
