"""How an EHR's resources go to the second reader: in one transaction, or one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from conformance.peers.client import FhirClient
from conformance.peers.codes import Resource
from conformance.peers.request import Entry, bundle

Tell = Callable[[datetime, str], None]
"""(when it was sent, what was sent and how it was answered)."""


def send_together(made: tuple[Entry, ...], to: FhirClient, tell: Tell) -> dict[str, str]:
    began = datetime.now(UTC)
    answered = to.transaction(bundle(made))["entry"]
    located = [each["response"]["location"].partition("/_history/")[0] for each in answered]
    statuses = ", ".join(sorted({each["response"]["status"] for each in answered}))
    tell(began, f"POST [base], one transaction of {len(made)} resources: {statuses}{took(began)}")
    return {
        each.full_url: "/".join(location.split("/")[-2:])
        for each, location in zip(made, located, strict=True)
    }


def send_singly(
    made: tuple[Entry, ...], to: FhirClient, names: Mapping[str, str], tell: Tell
) -> dict[str, str]:
    known = dict(names)
    for each in made:
        began = datetime.now(UTC)
        reply = to.create(renamed(each, known).resource, each.condition)
        known[each.full_url] = reply.location
        tell(began, f"POST {_what(each.resource)}: {reply.status} {reply.location}{took(began)}")
    return known


def took(began: datetime) -> str:
    return f", {(datetime.now(UTC) - began).total_seconds() * 1000:.0f} ms"


def _what(resource: Resource) -> str:
    """The type, and for an Observation what was measured."""
    quantity = resource.get("valueQuantity")
    if quantity is None:
        return str(resource["resourceType"])
    return f"Observation ({resource['code']['coding'][0]['display']} {quantity['value']} {quantity['unit']})"


def renamed(made: Entry, names: Mapping[str, str]) -> Entry:
    return Entry(made.full_url, _rename(made.resource, names), made.condition)


def _rename(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _rename(each, names) for name, each in value.items()}
    if isinstance(value, list):
        return [_rename(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value
