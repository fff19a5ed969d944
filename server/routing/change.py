"""When a proposed policy takes effect: replayed, approved by two people, and not before its date.

What is replayed and approved is the file's digest: whoever changes a byte afterwards has approved nothing. A
case keeps the policy that it was opened under, so that no change reaches back (``server.steps.casefile``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.model import Policy

APPROVALS = 2
"""By as many different people; whoever proposes the change may be one of them."""


class Standing(StrEnum):
    """How far a change has come."""

    OUTDATED = "outdated"
    """The policy in force is not the one that it was proposed against."""
    NOT_REPLAYED = "not replayed"
    NOT_APPROVED = "not approved"
    WAITING = "waiting for its date"
    IN_FORCE = "in force"


@dataclass(frozen=True, slots=True)
class Approval:
    """That somebody stands for exactly this file."""

    by: str
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A replay that was made and seen, by the digests of the file and of the frozen set."""

    at: datetime
    digest: str
    set_digest: str


@dataclass(frozen=True, slots=True)
class Change:
    """A policy file that is proposed."""

    was: str
    """Identity of the policy that it replaces."""
    policy: Policy
    digest: str
    """SHA-256 of the file."""
    effective_at: datetime
    approvals: tuple[Approval, ...] = ()
    trials: tuple[Trial, ...] = ()


def standing(change: Change, in_force: Policy, now: datetime) -> Standing:
    """Where the change stands; in the order in which its hurdles are taken."""
    if change.was != in_force.identity or not newer(change.policy, in_force):
        return Standing.OUTDATED
    trial = min((each.at for each in change.trials if each.digest == change.digest), default=None)
    if trial is None:
        return Standing.NOT_REPLAYED
    approved_at = _approved_at(change, trial)
    if approved_at is None:
        return Standing.NOT_APPROVED
    return Standing.IN_FORCE if takes_effect(change, approved_at) <= now else Standing.WAITING


def same_person(one: str, other: str) -> bool:
    """Whether two names are written alike but for blanks and case; who is who is not known here."""
    return _plain(one) == _plain(other)


def newer(policy: Policy, in_force: Policy) -> bool:
    """Whether it may replace the other: about the same question, with a higher version."""
    return policy.question == in_force.question and _numbers(policy) > _numbers(in_force)


def takes_effect(change: Change, approved_at: datetime) -> datetime:
    """Its date, but never before both have approved: a date in the past reaches back for nobody."""
    return max(change.effective_at, approved_at)


def _approved_at(change: Change, trial: datetime) -> datetime | None:
    """When the second of two people approved this very file, each with the replay before them."""
    first: dict[str, datetime] = {}
    for each in sorted(change.approvals, key=lambda approval: approval.at):
        name = _plain(each.by)
        if name and each.digest == change.digest and each.at >= trial:
            first.setdefault(name, each.at)
    return sorted(first.values())[APPROVALS - 1] if len(first) >= APPROVALS else None


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _numbers(policy: Policy) -> tuple[int, ...]:
    return tuple(int(each) for each in policy.version.split("."))
