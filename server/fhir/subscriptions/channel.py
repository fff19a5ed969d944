"""A Subscription -> what is to be heard and how it is told (backport IG, profile backport-subscription)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from server.errors import Category, Fault, Issue
from server.fhir.exchange import JSON
from server.fhir.subscriptions.addresses import Reachable
from server.fhir.subscriptions.topics import BY_URL, Topic
from server.ports import Resource

IG = "http://hl7.org/fhir/uv/subscriptions-backport"
PROFILE = f"{IG}/StructureDefinition/backport-subscription"
_FILTER = f"{IG}/StructureDefinition/backport-filter-criteria"
_CONTENT = f"{IG}/StructureDefinition/backport-payload-content"
_HEARTBEAT = f"{IG}/StructureDefinition/backport-heartbeat-period"
_TIMEOUT = f"{IG}/StructureDefinition/backport-timeout"
_MOST = f"{IG}/StructureDefinition/backport-max-count"
EMPTY, ID_ONLY, FULL = CONTENTS = ("empty", "id-only", "full-resource")
_XML = "application/fhir+xml"
MEDIA_TYPES = (JSON, _XML)
LONGEST_TIMEOUT, USUAL_TIMEOUT = 30, 10
MOST_EVENTS, USUAL_EVENTS = 100, 20
_MOST_FILTERS, _MOST_HEADERS, _LONGEST_HEADER = 20, 20, 4_000
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([\x20-\x7e]*)")
_OURS = frozenset(
    {
        "accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type",
        "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "user-agent",
    }
)  # fmt: skip
"""These say how a message is sent; a header of a Subscription says only who sends it."""


@dataclass(frozen=True, slots=True)
class Channel:
    """How a subscriber is told."""

    endpoint: str
    headers: tuple[tuple[str, str], ...]
    media_type: str
    content: str
    timeout: timedelta
    heartbeat: timedelta | None
    most: int


def topic_of(resource: Resource) -> Topic:
    """Raises Fault(UNPROCESSABLE) for one that is not ours, saying which are."""
    found = BY_URL.get(resource.get("criteria", ""))
    if found is None:
        text = f"the canonical URL of a topic of this server is accepted: {', '.join(BY_URL)}"
        raise Fault(Category.UNPROCESSABLE, Issue("not-supported", text, "Subscription.criteria"))
    return found


def filters_of(resource: Resource) -> list[str]:
    """The filters, ``Type?query`` each."""
    return [str(each.get("valueString", "")) for each in _extensions(resource.get("_criteria"), _FILTER)]


def channel_of(resource: Resource) -> Channel:
    """How it is told, of a Subscription that was accepted."""
    channel = resource["channel"]
    heartbeat = _number(channel, _HEARTBEAT, 0)
    return Channel(
        endpoint=channel.get("endpoint", ""),
        headers=tuple(_header(each) for each in channel.get("header", [])),
        media_type=channel.get("payload", JSON),
        content=_content(channel),
        timeout=timedelta(seconds=min(_number(channel, _TIMEOUT, USUAL_TIMEOUT), LONGEST_TIMEOUT)),
        heartbeat=timedelta(seconds=heartbeat) if heartbeat else None,
        most=min(_number(channel, _MOST, USUAL_EVENTS), MOST_EVENTS),
    )


def demand_channel(resource: Resource, reachable: Reachable) -> Channel:
    """How it is to be told.

    Raises:
        Fault: UNPROCESSABLE, with everything that is not accepted.
    """
    problems = list(_problems(resource, reachable))
    if problems:
        raise Fault(Category.UNPROCESSABLE, *problems)
    return channel_of(resource)


def _problems(resource: Resource, reachable: Reachable) -> Iterator[Issue]:
    channel, place = resource["channel"], "Subscription.channel"
    if channel.get("type") != "rest-hook" or "_type" in channel:
        yield Issue(
            "not-supported", "rest-hook is accepted; no other channel is served here", f"{place}.type"
        )
    elif (reason := reachable.refusal(channel.get("endpoint", ""))) is not None:
        yield reason
    if channel.get("payload") not in MEDIA_TYPES:
        yield Issue("value", f"accepted: {', '.join(MEDIA_TYPES)}", f"{place}.payload")
    if _content(channel) not in CONTENTS:
        text = f"the extension backport-payload-content is needed, once: {', '.join(CONTENTS)}"
        yield Issue("required", text, f"{place}.payload.extension")
    if _number(channel, _TIMEOUT, USUAL_TIMEOUT) < 1 or _number(channel, _MOST, USUAL_EVENTS) < 1:
        text = "timeout and maxCount are whole numbers from 1, heartbeatPeriod from 0; each at most once"
        yield Issue("value", text, f"{place}.extension")
    if len(filters_of(resource)) > _MOST_FILTERS:
        yield Issue("too-costly", f"up to {_MOST_FILTERS} filters are accepted", "Subscription.criteria")
    yield from _header_problems(channel)


def _header_problems(channel: Resource) -> Iterator[Issue]:
    told = channel.get("header", [])
    if len(told) > _MOST_HEADERS or "_header" in channel:
        text = f"up to {_MOST_HEADERS} headers are accepted"
        yield Issue("value", text, "Subscription.channel.header")
    for number, each in enumerate(told):
        match = _HEADER.fullmatch(each) if len(each) <= _LONGEST_HEADER else None
        if match is None or match[1].lower() in _OURS:
            text = "name: value in ASCII is accepted, but for headers that say how a message is sent"
            yield Issue("value", text, f"Subscription.channel.header[{number}]")


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name, value.strip()


def _content(channel: Resource) -> str:
    told = _extensions(channel.get("_payload"), _CONTENT)
    return str(told[0].get("valueCode", "")) if len(told) == 1 else ""


def _number(channel: Resource, url: str, otherwise: int) -> int:
    """Below zero when it is told twice, or as something else than a number."""
    told = _extensions(channel, url)
    if not told:
        return otherwise
    values = [value for name, value in told[0].items() if name in ("valueUnsignedInt", "valuePositiveInt")]
    return int(values[0]) if len(told) == 1 and values else -1


def _extensions(element: Resource | None, url: str) -> list[Resource]:
    return [each for each in (element or {}).get("extension", []) if each.get("url") == url]
