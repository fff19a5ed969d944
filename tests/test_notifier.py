"""From a change to its subscriber: in the same commit, in order, as long as it takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.fhir.subscriptions.addresses import Reachable
from server.fhir.subscriptions.courier import NoticeCourier
from server.notifier import Notifier
from server.store.attempts import PARKED
from tests.world import BACTERIAL, SPECIALTY, SR, World, answer_as, doctor, make_world, send_case

IG = "http://hl7.org/fhir/uv/subscriptions-backport"
HOOK = "http://127.0.0.1:9/hook"


@dataclass
class Subscriber:
    """A hook that keeps what it was sent; answers what it is told to."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    away: bool = False
    got: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("nobody there")
        self.got.append(request)
        return httpx.Response(self.status, headers=self.headers, stream=httpx.ByteStream(b""))

    @property
    def bundles(self) -> list[dict[str, Any]]:
        return [json.loads(each.content) for each in self.got]

    @property
    def numbers(self) -> list[int]:
        return [number for each in self.bundles for number in numbers(each)]

    @property
    def kinds(self) -> list[str]:
        return [said(each, "type") for each in self.bundles]


@dataclass
class Desk:
    """A world with a subscriber."""

    world: World
    subscriber: Subscriber
    notifier: Notifier

    def run(self) -> None:
        """Carry, deliver and tell until nothing is due."""
        for _ in range(1_000):
            done = self.world.cases.once() | self.world.deliveries.once() | self.notifier.once()
            if not done:
                return
        raise AssertionError("the work never ends")

    def subscribe(self, *said: Any, **more: Any) -> dict[str, Any]:
        return self.world.post(subscription(*said, **more))

    def status(self, id_: str) -> str:
        return str(self.world.get(f"Subscription/{id_}")["status"])


def subscription(
    topic: str = "task-changed",
    filters: tuple[str, ...] = (),
    content: str = "id-only",
    *,
    endpoint: str = HOOK,
    payload: str = "application/fhir+json",
    status: str = "requested",
    channel: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    named = f"{IG}/StructureDefinition"
    told = [{"url": f"{named}/backport-filter-criteria", "valueString": each} for each in filters]
    return {
        "resourceType": "Subscription",
        "status": status,
        "reason": "test",
        "criteria": f"{SR}/SubscriptionTopic/{topic}",
        **({"_criteria": {"extension": told}} if told else {}),
        "channel": {
            "type": "rest-hook",
            "endpoint": endpoint,
            "payload": payload,
            "_payload": {"extension": [{"url": f"{named}/backport-payload-content", "valueCode": content}]},
            **(channel or {}),
        },
        **more,
    }


def extension(name: str, value: int) -> dict[str, Any]:
    kind = "valuePositiveInt" if name == "max-count" else "valueUnsignedInt"
    return {"url": f"{IG}/StructureDefinition/backport-{name}", kind: value}


def said(bundle: dict[str, Any], name: str) -> str:
    parameters = bundle["entry"][0]["resource"]["parameter"]
    [found] = [each for each in parameters if each["name"] == name]
    return str(next(value for key, value in found.items() if key.startswith("value")))


def parts(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    parameters = bundle["entry"][0]["resource"]["parameter"]
    told = [each["part"] for each in parameters if each["name"] == "notification-event"]
    return [
        {part["name"]: next(v for k, v in part.items() if k.startswith("value")) for part in each}
        for each in told
    ]


def numbers(bundle: dict[str, Any]) -> list[int]:
    return [int(each["event-number"]) for each in parts(bundle)]


def focuses(bundle: dict[str, Any]) -> list[str]:
    return [each["focus"]["reference"] for each in parts(bundle)]


@pytest.fixture
def subscriber() -> Subscriber:
    return Subscriber()


@pytest.fixture
def make(tmp_path: Path, subscriber: Subscriber) -> Iterator[Callable[..., Desk]]:
    opened = []

    def made(**settings: Any) -> Desk:
        chosen = {"subscribers": (HOOK,), **settings}
        world = make_world(tmp_path, **chosen)
        opened.append(world)
        return desk_of(next(world), subscriber)

    yield made
    for each in opened:
        next(each, None)


def desk_of(world: World, subscriber: Subscriber) -> Desk:
    house = world.house
    courier = NoticeCourier(
        shelf=house.shelf,
        seals=house.ledger,
        notices=house.notifications,
        clients=house.clients,
        base=house.settings.fhir_base,
        reachable=Reachable(house.settings.subscribers),
        now=world.watch,
        connect=lambda _: httpx.Client(transport=httpx.MockTransport(subscriber)),
    )
    return Desk(world, subscriber, Notifier(house.notifications, courier, house.shelf.read, world.watch))


@pytest.fixture
def desk(make: Callable[..., Desk]) -> Desk:
    return make()


def test_a_handshake_makes_it_active(desk: Desk, subscriber: Subscriber) -> None:
    made = desk.subscribe(channel={"header": ["Authorization: Bearer secret"]})
    assert made["status"] == "requested"
    desk.run()
    [sent] = subscriber.got
    assert (sent.method, str(sent.url)) == ("POST", HOOK)
    assert sent.headers["Authorization"] == "Bearer secret"
    assert sent.headers["Content-Type"] == "application/fhir+json"
    [bundle] = subscriber.bundles
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "history")
    assert said(bundle, "type") == "handshake"
    assert said(bundle, "status") == "requested"
    assert said(bundle, "events-since-subscription-start") == "0"
    assert desk.status(made["id"]) == "active"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_handshake_that_is_not_taken_is_an_error(desk: Desk, subscriber: Subscriber, status: int) -> None:
    subscriber.status = status
    made = desk.subscribe()
    desk.run()
    assert len(subscriber.got) == 1
    now = desk.world.get(f"Subscription/{made['id']}")
    assert now["status"] == "error"
    assert str(status) in now["error"]
    assert desk.world.house.deliveries.listed(PARKED) == []


def test_each_change_of_a_task_is_told_in_order(desk: Desk, subscriber: Subscriber) -> None:
    desk.subscribe()
    desk.run()
    sent = send_case(desk.world)
    desk.run()
    versions = len(desk.world.history(sent.task_id))
    assert versions > 3
    assert subscriber.numbers == list(range(1, versions + 1))
    base = desk.world.house.settings.fhir_base
    told = {each for bundle in subscriber.bundles[1:] for each in focuses(bundle)}
    assert told == {f"{base}/Task/{sent.task_id}"}
    assert all(len(each["entry"]) == 1 for each in subscriber.bundles)


def test_the_event_is_in_the_commit_of_the_change(desk: Desk) -> None:
    """Before anybody has been told: it is there as soon as the Task is."""
    made = desk.subscribe()
    send_case(desk.world)
    found = desk.world.house.notifications.occurrences(made["id"], 1, 9, 9)
    assert [(each.number, each.type, each.version) for each in found] == [(1, "Task", 1)]


def test_filters_choose(desk: Desk, subscriber: Subscriber) -> None:
    desk.subscribe(filters=("Task?status=requested", f"Task?code={SR}/CodeSystem/task|second-read"))
    desk.run()
    send_case(desk.world)
    desk.run()
    assert subscriber.numbers == [1]


def test_full_resource_brings_the_version_of_the_event(desk: Desk, subscriber: Subscriber) -> None:
    desk.subscribe(content="full-resource")
    desk.run()
    sent = send_case(desk.world)
    desk.run()
    told = [each for bundle in subscriber.bundles for each in bundle["entry"][1:]]
    statuses = [each["resource"]["status"] for each in told]
    assert statuses == [status for status, _ in desk.world.history(sent.task_id)]
    assert all({"request", "response", "fullUrl"} <= each.keys() for each in told)


def test_empty_tells_numbers_only(desk: Desk, subscriber: Subscriber) -> None:
    desk.subscribe(content="empty")
    desk.run()
    send_case(desk.world)
    desk.run()
    assert subscriber.numbers[0] == 1
    assert all(part.keys() == {"event-number", "timestamp"} for b in subscriber.bundles for part in parts(b))
    assert "Task/" not in subscriber.got[-1].content.decode()
    assert "valueCanonical" not in subscriber.got[-1].content.decode()


def test_in_xml(desk: Desk, subscriber: Subscriber) -> None:
    desk.subscribe(payload="application/fhir+xml", content="full-resource")
    desk.run()
    send_case(desk.world)
    desk.run()
    assert {each.headers["Content-Type"] for each in subscriber.got} == {"application/fhir+xml"}
    assert b'<Bundle xmlns="http://hl7.org/fhir">' in subscriber.got[-1].content
    assert b"<Task" in subscriber.got[-1].content


def test_who_was_away_for_hours_gets_everything_in_order(desk: Desk, subscriber: Subscriber) -> None:
    made = desk.subscribe(channel={"extension": [extension("max-count", 3)]})
    desk.run()
    subscriber.away = True
    for number in range(4):
        send_case(desk.world, number=f"T-{number}")
        desk.world.watch.forward(hours=2)
        desk.run()
    assert desk.status(made["id"]) == "active"
    subscriber.away = False
    desk.world.watch.forward(hours=1)
    desk.run()
    everything = int(said(subscriber.bundles[-1], "events-since-subscription-start"))
    assert everything > 12
    assert subscriber.numbers == list(range(1, everything + 1))
    assert max(len(numbers(each)) for each in subscriber.bundles) == 3


def test_what_is_told_again_has_the_same_numbers(desk: Desk, subscriber: Subscriber) -> None:
    desk.subscribe(content="full-resource")
    desk.run()
    subscriber.status = 503
    send_case(desk.world)
    desk.run()
    desk.world.watch.forward(minutes=1)
    desk.run()
    first, again = subscriber.bundles[1:3]
    assert numbers(first) == numbers(again) == [1]
    assert first["entry"][0]["fullUrl"] == again["entry"][0]["fullUrl"]


def test_given_up_is_an_error_and_events_stay(desk: Desk, subscriber: Subscriber) -> None:
    made = desk.subscribe()
    desk.run()
    subscriber.away = True
    send_case(desk.world)
    for _ in range(8 * 4 * 5):
        desk.run()
        desk.world.watch.forward(minutes=50)
    assert desk.status(made["id"]) == "error"
    [parked] = desk.world.house.deliveries.listed(PARKED)
    assert parked.destination == f"Subscription/{made['id']}"
    told = desk.world.get(f"Subscription/{made['id']}/$events")
    total = int(said(told, "events-since-subscription-start"))
    assert numbers(told) == list(range(1, total + 1))
    subscriber.away = False
    current = desk.world.get(f"Subscription/{made['id']}")
    assert desk.world.put({**current, "status": "requested"}).status_code == 200
    desk.run()
    assert desk.status(made["id"]) == "active"
    assert subscriber.kinds[1] == "handshake"
    assert subscriber.numbers == list(range(1, total + 1))
    assert desk.world.house.deliveries.listed(PARKED) == []


def test_a_person_sends_again(desk: Desk, subscriber: Subscriber) -> None:
    made = desk.subscribe()
    desk.run()
    send_case(desk.world)
    subscriber.status = 410
    desk.run()
    assert desk.status(made["id"]) == "error"
    subscriber.status = 200
    [parked] = desk.world.house.deliveries.listed(PARKED)
    window = desk.world.house.settings.notify_for
    assert desk.world.house.deliveries.send_again(parked.document_id, desk.world.watch(), window)
    desk.run()
    assert desk.status(made["id"]) == "active"
    assert sorted(set(subscriber.numbers)) == list(range(1, max(subscriber.numbers) + 1))


def test_a_heartbeat_when_it_is_quiet(desk: Desk, subscriber: Subscriber) -> None:
    desk.subscribe(channel={"extension": [extension("heartbeat-period", 60)]})
    desk.run()
    desk.world.watch.forward(seconds=59)
    desk.run()
    assert subscriber.kinds == ["handshake"]
    desk.world.watch.forward(seconds=2)
    desk.run()
    desk.world.watch.forward(seconds=61)
    desk.run()
    assert subscriber.kinds == ["handshake", "heartbeat", "heartbeat"]
    assert said(subscriber.bundles[-1], "events-since-subscription-start") == "0"


def test_its_end_sets_it_off(desk: Desk, subscriber: Subscriber) -> None:
    made = desk.subscribe(end="2026-01-05T10:00:00Z")
    desk.run()
    desk.world.watch.forward(hours=1)
    desk.run()
    assert desk.status(made["id"]) == "off"
    send_case(desk.world)
    desk.run()
    assert subscriber.numbers == []


def test_off_stops_what_is_under_way(desk: Desk, subscriber: Subscriber) -> None:
    made = desk.subscribe()
    desk.run()
    subscriber.away = True
    send_case(desk.world)
    desk.run()
    current = desk.world.get(f"Subscription/{made['id']}")
    assert desk.world.put({**current, "status": "off"}).status_code == 200
    subscriber.away = False
    desk.world.watch.forward(hours=1)
    desk.run()
    assert subscriber.kinds == ["handshake"]
    assert desk.world.send("DELETE", f"Subscription/{made['id']}").status_code == 204
    desk.run()


def test_active_stays_active_when_nothing_of_the_way_changes(desk: Desk, subscriber: Subscriber) -> None:
    made = desk.subscribe()
    desk.run()
    current = desk.world.get(f"Subscription/{made['id']}")
    assert desk.world.put({**current, "reason": "another"}).json["status"] == "active"
    desk.run()
    assert subscriber.kinds == ["handshake"]
    current = desk.world.get(f"Subscription/{made['id']}")
    changed = {**current["channel"], "endpoint": f"{HOOK}/other"}
    assert desk.world.put({**current, "channel": changed}).json["status"] == "requested"
    desk.run()
    assert subscriber.kinds == ["handshake", "handshake"]
    assert desk.status(made["id"]) == "active"


def test_one_that_is_away_keeps_nobody_waiting(desk: Desk, subscriber: Subscriber) -> None:
    slow = desk.subscribe(endpoint=f"{HOOK}/slow")
    desk.subscribe(endpoint=f"{HOOK}/quick")
    desk.run()
    inner = subscriber.__call__
    got: list[str] = []

    def choose(request: httpx.Request) -> httpx.Response:
        got.append(request.url.path)
        if request.url.path.endswith("slow"):
            raise httpx.ReadTimeout("too slow")
        return inner(request)

    told = desk_of(desk.world, choose)  # type: ignore[arg-type]
    send_case(desk.world)
    told.run()
    assert got.count("/hook/slow") >= 1
    quick = subscriber.numbers
    assert quick == list(range(1, len(quick) + 1))
    assert len(quick) > 3
    assert desk.status(slow["id"]) == "active"


def test_an_opinion_and_an_offer(desk: Desk, subscriber: Subscriber) -> None:
    role = doctor(desk.world, "Fenn", "Elsewhere", SPECIALTY)
    desk.subscribe("referral-offered", (f"Task?owner={role}",), "full-resource")
    desk.subscribe("opinion-released", content="full-resource")
    desk.run()
    sent = send_case(desk.world)
    desk.run()
    [offer] = [each for each in subscriber.bundles if numbers(each)]
    assert offer["entry"][1]["resource"]["owner"]["reference"] == role
    answer_as(desk.world, role, BACTERIAL)
    desk.run()
    released = [each for each in subscriber.bundles if numbers(each)][1:]
    [report] = [each["entry"][1]["resource"] for each in released]
    assert report["resourceType"] == "DiagnosticReport"
    assert report["id"] != sent.report["id"]
