"""Topic-based subscriptions in R4 (Subscriptions R5 Backport), as far as one without a hook sees them."""

from __future__ import annotations

from conformance.checks import expect, specimens
from conformance.checks.claim import claim
from conformance.checks.made_up import BACKPORT
from conformance.checks.run import Run
from conformance.peers.codes import SR, Resource

_MAKE = ("Subscription.create",)
_TOPICS = f"{BACKPORT}/StructureDefinition/capabilitystatement-subscriptiontopic-canonical"
_CHANNEL = "Subscription.channel"


@claim(
    "subscription/topics",
    "HL7 Subscriptions R5 Backport, Topic Discovery",
    "The CapabilityStatement names the topics that our documentation lists.",
    ours=True,
)
def topics(run: Run) -> None:
    said = run.statement.types.get("Subscription", {}).get("extension", [])
    named = sorted(each.get("valueCanonical", "") for each in said if each.get("url") == _TOPICS)
    wanted = ("opinion-released", "referral-offered", "task-changed")
    expect.equal([f"{SR}/SubscriptionTopic/{each}" for each in wanted], named, "topics:")


@claim(
    "subscription/status",
    "HL7 Subscriptions R5 Backport, Subscription Status Operation",
    "$status of one and of all is a searchset whose Parameters tell subscription, status and type.",
    ours=True,
    needs=_MAKE,
)
def status(run: Run) -> None:
    made = specimens.created(run, "Subscription")
    for path, asked in (
        (f"Subscription/{made['id']}/$status", {}),
        ("Subscription/$status", {"id": str(made["id"]), "status": "off"}),
    ):
        [entry] = expect.bundle(run.wire.get(path, asked), "searchset")
        told = _told(entry["resource"])
        reference = told["subscription"]["valueReference"]["reference"]
        expect.that(reference.endswith(f"Subscription/{made['id']}"), "the subscription", reference)
        expect.equal(("off", "query-status"), (_code(told, "status"), _code(told, "type")), "status and type")
    other = {"id": str(made["id"]), "status": "active"}
    expect.equal([], expect.bundle(run.wire.get("Subscription/$status", other), "searchset"), "active ones:")


@claim(
    "subscription/events",
    "HL7 Subscriptions R5 Backport, Subscription Events Operation",
    "$events is a notification: a history whose first entry is the status, here without events.",
    ours=True,
    needs=_MAKE,
)
def events(run: Run) -> None:
    made = specimens.created(run, "Subscription")
    asked = {"eventsSinceNumber": "1", "eventsUntilNumber": "9", "content": "id-only"}
    entries = expect.bundle(run.wire.get(f"Subscription/{made['id']}/$events", asked), "history")
    expect.equal(1, len(entries), "entries:")
    expect.that({"request", "response"} <= entries[0].keys(), "request and response (bdl-3, bdl-4)", "less")
    told = _told(entries[0]["resource"])
    expect.equal("query-event", _code(told, "type"), "type")
    count = told["events-since-subscription-start"].get("valueString")
    expect.equal("0", count, "events-since-subscription-start, a string in R4:")


@claim(
    "subscription/refusals",
    "docs/fhir-door.md, Subscriptions",
    "Plain http, this machine, another channel, another topic, a chain in a filter: 422, each told where.",
    ours=True,
    needs=_MAKE,
)
def refusals(run: Run) -> None:
    good = specimens.new(run, "Subscription")
    chained = {"url": f"{BACKPORT}/StructureDefinition/backport-filter-criteria"}
    chained["valueString"] = "Task?patient:Patient.name=x"
    for changed, place in (
        (_channel(good, endpoint="http://checks.example/hook"), f"{_CHANNEL}.endpoint"),
        (_channel(good, endpoint="https://127.0.0.1/hook"), f"{_CHANNEL}.endpoint"),
        (_channel(good, endpoint="https://169.254.169.254/"), f"{_CHANNEL}.endpoint"),
        (_channel(good, type="websocket"), f"{_CHANNEL}.type"),
        (good | {"criteria": "Task?status=completed"}, "Subscription.criteria"),
        (good | {"_criteria": {"extension": [chained]}}, "Subscription.criteria"),
        (good | {"status": "error"}, "Subscription.status"),
    ):
        expect.refused(run.wire.post("Subscription", changed), 422, at=place)


@claim(
    "subscription/no-websockets",
    "docs/fhir-door.md, Subscriptions",
    "$get-ws-binding-token is not offered.",
    ours=True,
    needs=_MAKE,
)
def no_websockets(run: Run) -> None:
    expect.refused(run.wire.get("Subscription/$get-ws-binding-token"), 404)


def _channel(subscription: Resource, **changed: str) -> Resource:
    return subscription | {"channel": subscription["channel"] | changed}


def _told(parameters: Resource) -> dict[str, Resource]:
    expect.equal("Parameters", parameters["resourceType"], "resourceType of the status")
    return {each["name"]: each for each in parameters["parameter"]}


def _code(told: dict[str, Resource], name: str) -> str:
    return str(told[name].get("valueCode"))
