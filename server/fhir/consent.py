"""Whether a patient has refused that algorithms help to decide: an explicit deny on TREATDS (R4 Consent).

The newest active Consent that says anything about it decides; in it exceptions come before the root, and a
deny wins over a permit beside it. A deny whose conditions cannot be weighed here counts, a permit of that
kind does not: whoever cannot tell does not run a model. Without any Consent the site's policy holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from server.errors import Fault
from server.fhir.parse import parse
from server.fhir.spans import span
from server.model import ResourceKey
from server.ports import Resource, Stored

REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_DENIED_BY: Final = frozenset({"TREATDS", "TREAT"})
"""A deny on treatment denies decision support in it; a permit on treatment includes it (v3-ActReason)."""
_CONDITIONS: Final = ("actor", "action", "securityLabel", "class", "code", "dataPeriod", "data")
"""What narrows a provision to some people, data or acts."""
_BEGINNING: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Refusal:
    """By which version of which Consent."""

    consent: ResourceKey


def refused(consents: Iterable[Stored], at: datetime) -> Refusal | None:
    """What a patient's Consents say at a moment; None: nothing against it."""
    for stored in sorted(consents, key=_said_at, reverse=True):
        verdict = _verdict(stored, at)
        if verdict is not None:
            key = ResourceKey(stored.type, stored.id, stored.version)
            return None if verdict else Refusal(key)
    return None


def _verdict(stored: Stored, at: datetime) -> bool | None:
    """True permits, False denies; None: it says nothing about this. One that cannot be read denies."""
    try:
        consent = parse(stored.body)
    except Fault:
        return False
    root = consent.get("provision")
    if consent.get("status") != "active" or not isinstance(root, dict) or not _in_force(root, at):
        return None
    exceptions = [each for each in _nested(root) if _in_force(each, at) and _about(each)]
    found = {_permits(each) for each in exceptions} - {None}
    if found:
        return False not in found
    return _permits(root) if _about(root) else None


def _nested(provision: Resource) -> Iterator[Resource]:
    for each in provision.get("provision", []):
        yield each
        yield from _nested(each)


def _permits(provision: Resource) -> bool | None:
    """None: a permit under conditions that nobody weighs here."""
    if provision.get("type") == "deny":
        return False
    narrow = any(provision.get(each) for each in _CONDITIONS)
    return None if narrow or provision.get("type") != "permit" else True


def _about(provision: Resource) -> bool:
    """Whether it is about decision support; without a purpose it is about everything."""
    purposes = provision.get("purpose")
    if not purposes:
        return True
    return any(each.get("system") == REASON and each.get("code") in _DENIED_BY for each in purposes)


def _in_force(provision: Resource, at: datetime) -> bool:
    period = provision.get("period", {})
    start, end = span(str(period.get("start", ""))), span(str(period.get("end", "")))
    return (start is None or start[0] <= at) and (end is None or at < end[1])


def _said_at(stored: Stored) -> tuple[datetime, datetime]:
    """By the date that it bears; of two the same, and of one without, by when it came here."""
    try:
        covered = span(str(parse(stored.body).get("dateTime", "")))
    except Fault:
        return datetime.max.replace(tzinfo=UTC), stored.updated_at
    return (_BEGINNING if covered is None else covered[0]), stored.updated_at
