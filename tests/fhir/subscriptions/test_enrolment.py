"""What a Subscription must be to be kept, and what is said of what it is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.test_notifier import HOOK, extension, subscription
from tests.world import SR, World, make_world


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Any:
    opened = make_world(tmp_path_factory.mktemp("enrolment"), subscribers=(HOOK,))
    yield next(opened)
    next(opened, None)


def refused(world: World, resource: dict[str, Any]) -> list[tuple[str, str]]:
    """(code, place) of each issue."""
    answer = world.send("POST", "Subscription", resource)
    assert answer.status_code == 422, answer.text
    return [(each["code"], each["expression"][0]) for each in answer.json["issue"]]


@pytest.mark.parametrize(
    ("changed", "code", "place"),
    [
        ({"type": "websocket"}, "not-supported", "channel.type"),
        ({"type": "email"}, "not-supported", "channel.type"),
        ({"endpoint": "http://ehr.example/hook"}, "value", "channel.endpoint"),
        ({"endpoint": "https://169.254.169.254/"}, "security", "channel.endpoint"),
        ({"payload": "text/plain"}, "value", "channel.payload"),
        ({"_payload": {"extension": []}}, "required", "channel.payload.extension"),
        ({"extension": [extension("timeout", 0)]}, "value", "channel.extension"),
        ({"extension": [extension("timeout", 1)] * 2}, "value", "channel.extension"),
        ({"header": ["no colon"]}, "value", "channel.header[0]"),
        ({"header": ["A: b", "Content-Length: 3"]}, "value", "channel.header[1]"),
        ({"header": ["A: b\r\nC: d"]}, "value", "channel.header[0]"),
        ({"header": ["A: b"] * 21}, "value", "channel.header"),
    ],
)
def test_a_channel_that_is_refused(world: World, changed: dict[str, Any], code: str, place: str) -> None:
    made = subscription(channel=changed)
    if not made["channel"]["_payload"].get("extension"):
        made["channel"].pop("_payload")
    assert refused(world, made) == [(code, f"Subscription.{place}")]


@pytest.mark.parametrize(
    "filters",
    [
        ("status=completed",),
        ("Observation?status=final",),
        ("Task?",),
        ("Task?banana=1",),
        ("Task?patient.name=x",),
        ("Task?patient:Patient.name=x",),
        ("Task?_has:Provenance:target:agent=x",),
        ("Task?_count=3",),
        ("Task?_sort=status",),
        ("Task?modified=ap2026-01-05",),
        ("Task?status",),
    ],
)
def test_a_filter_that_is_refused(world: World, filters: tuple[str, ...]) -> None:
    answer = world.send("POST", "Subscription", subscription(filters=filters))
    assert answer.status_code == 422
    [issue] = answer.json["issue"]
    assert issue["expression"] == ["Subscription.criteria.extension"]
    assert issue["diagnostics"].startswith("filter: ")


@pytest.mark.parametrize(
    "query",
    [
        "status=completed,failed",
        "status:not=draft",
        "_lastUpdated=gt2026-01-05",
        "owner=Practitioner/1",
        "requester=Organization/1&patient=p1",
        "owner:missing=true",
        "code=http://hl7.org/fhir/CodeSystem/task-code|fulfill",
        "modified=ge2026-01-05T00:00:00Z",
    ],
)
def test_a_filter_that_is_accepted(world: World, query: str) -> None:
    world.post(subscription(filters=(f"Task?{query}",)))


def test_a_topic_that_is_not_ours(world: World) -> None:
    made = subscription()
    assert refused(world, {**made, "criteria": "Task?status=completed"}) == [
        ("not-supported", "Subscription.criteria")
    ]


def test_a_status_that_is_ours_to_say(world: World) -> None:
    assert refused(world, subscription(status="error")) == [("business-rule", "Subscription.status")]


@pytest.mark.parametrize(
    ("sent", "kept"), [("requested", "requested"), ("active", "requested"), ("off", "off")]
)
def test_where_a_new_one_stands(world: World, sent: str, kept: str) -> None:
    assert world.post(subscription(status=sent))["status"] == kept


@pytest.mark.parametrize("end", ["2026-01-05T08:59:59Z", "2020-01-01T00:00:00Z"])
def test_an_end_that_has_been(world: World, end: str) -> None:
    assert refused(world, subscription(end=end)) == [("value", "Subscription.end")]


def test_a_hundred_are_enough(world: World) -> None:
    """F-137."""
    made = [world.post(subscription())["id"] for _ in range(100)]
    assert refused(world, subscription()) == [("too-costly", "Subscription.status")]
    world.post(subscription(status="off"))
    current = world.get(f"Subscription/{made[0]}")
    assert world.put({**current, "status": "off"}).status_code == 200
    world.post(subscription())


def test_an_old_one_may_be_written_again_when_a_hundred_listen(world: World) -> None:
    made = [world.post(subscription())["id"] for _ in range(100)]
    current = world.get(f"Subscription/{made[0]}")
    assert world.put({**current, "reason": "another"}).status_code == 200


def test_the_refusal_quotes_nothing(world: World) -> None:
    made = subscription(
        channel={"header": ["X-Secret: swordfish\r\n"], "endpoint": "http://swordfish.example"}
    )
    answer = world.send("POST", "Subscription", made)
    assert answer.status_code == 422
    assert "swordfish" not in answer.text


def test_a_transaction_may_hold_one(world: World) -> None:
    entry = {"resource": subscription(), "request": {"method": "POST", "url": "Subscription"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    answer = world.send("POST", "", bundle)
    assert answer.status_code == 200, answer.text
    status = world.get("Subscription/$status")
    assert status["total"] == 1
    assert status["entry"][0]["resource"]["resourceType"] == "Parameters"


def test_validate_weighs_it_too(world: World) -> None:
    good, bad = subscription(), subscription(endpoint="http://ehr.example/")
    for sent, wrong in ((good, False), (bad, True)):
        answer = world.send("POST", "Subscription/$validate?mode=create", sent).json
        assert any(each["severity"] == "error" for each in answer["issue"]) is wrong
    assert world.get("Subscription/$status")["total"] == 0


@pytest.mark.parametrize(
    "ask", ["eventsSinceNumber=x", "content=everything", "banana=1", "eventsUntilNumber=-1"]
)
def test_events_that_cannot_be_asked_for(world: World, ask: str) -> None:
    made = world.post(subscription(status="off"))
    assert world.send("GET", f"Subscription/{made['id']}/$events?{ask}").status_code == 400


def test_an_operation_on_none(world: World) -> None:
    for name in ("$status", "$events"):
        assert world.send("GET", f"Subscription/none/{name}").status_code == 404
        made = world.post(subscription(status="off"))
        assert world.send("DELETE", f"Subscription/{made['id']}").status_code == 204
        assert world.send("GET", f"Subscription/{made['id']}/{name}").status_code == 410


def test_the_statement_names_the_topics(world: World) -> None:
    said = {each["type"]: each for each in world.get("metadata")["rest"][0]["resource"]}["Subscription"]
    topics = {each["valueCanonical"] for each in said["extension"]}
    names = ("task-changed", "opinion-released", "referral-offered")
    assert topics == {f"{SR}/SubscriptionTopic/{each}" for each in names}
    assert {each["name"] for each in said["operation"]} == {"validate", "status", "events"}
    assert world.send("GET", "Subscription/$get-ws-binding-token").status_code == 404
