"""A policy beside the other ways of reading the same cases, as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from server.errors import Category, Fault, fault
from server.model import Pathway, Policy
from server.routing.rules import NAMES
from server.routing.simulation.arms import Spoiled
from server.routing.simulation.expected import (
    Expected,
    Gatekept,
    Readers,
    mixed,
    of_gate,
    of_no_model,
    of_one,
    of_rule,
    of_triage,
    of_two,
)

WEIGHTS = (1, 2, 3, 4, 5)
"""A specialist's read in first reads: nobody knows it before it is measured (S7.2)."""

OWN = "this policy"


@dataclass(frozen=True, slots=True)
class Band:
    """How many of the cases a risk band has, and how many of those are ill."""

    share: float
    prevalence: float


@dataclass(frozen=True, slots=True)
class Minutes:
    """Of a first read, and of a specialist's."""

    first: float
    specialist: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated: how cases outside all bands are read, and those of each band."""

    rule: str
    audit: float
    pathway: Pathway = Pathway.SECOND_READER
    bands: tuple[tuple[Band, str, Pathway], ...] = ()
    """Each with its rule and pathway."""
    gate: Gatekept | None = None
    """Of the pathway gatekeeper."""

    @property
    def shows(self) -> bool:
        """Whether any first reader is shown the model's answer."""
        return Pathway.CONCURRENT in (self.pathway, *(pathway for *_, pathway in self.bands))

    def __post_init__(self) -> None:
        if not 0 <= sum(band.share for band, *_ in self.bands) < 1:
            raise _refused("the shares of all risk bands together must be at least 0 and below 1")


def plan_of(policy: Policy, bands: Mapping[str, Band], ruled_out: float | None = None) -> Plan:
    """What a policy file says, with what its bands are said to hold, and its gatekeeper to rule out.

    Raises:
        Fault: INCORRECT, when a band is not told of, is not in the policy, or is told by probability; when
            it is not told how much a gatekeeper rules out, or it is more than the policy lets it.
    """
    if any(each.probability is not None for each in policy.bands):
        raise _refused(
            "a policy with bands by probability cannot be simulated: of the model only answers are known"
        )
    known = {each.name for each in policy.bands}
    if bands.keys() != known:
        text = ", ".join(sorted(known)) or "none"
        raise _refused(
            f"the share of each risk band of the policy must be given, and of no other; its bands: {text}"
        )
    held = tuple(
        (bands[each.name], each.rule or policy.rule, each.pathway or policy.pathway) for each in policy.bands
    )
    return Plan(policy.rule, policy.audit_fraction, policy.pathway, held, _gatekept(policy, ruled_out))


def _gatekept(policy: Policy, ruled_out: float | None) -> Gatekept | None:
    if policy.gate is None:
        return None
    if ruled_out is None:
        raise _refused("a gatekeeper needs the share of its cases that lie below its threshold: --ruled-out")
    if ruled_out * (1 - policy.gate.reread) > policy.gate.at_most:
        raise _refused(
            f"the policy's gatekeeper rules out at most {policy.gate.at_most:.1%} of its cases; --ruled-out "
            "less those that are drawn to be read must be no more"
        )
    return Gatekept(ruled_out, policy.gate.reread)


def expected(plan: Plan, readers: Readers) -> Expected:
    """What a policy comes to. The prevalence of ``readers`` is that of cases outside all bands."""
    left = 1 - sum(band.share for band, *_ in plan.bands)
    parts = [(left, readers.prevalence, _of(plan, plan.rule, plan.pathway, readers))]
    for band, rule, pathway in plan.bands:
        among = replace(readers, prevalence=band.prevalence)
        parts.append((band.share, band.prevalence, _of(plan, rule, pathway, among)))
    return mixed(parts)


def ways(plan: Plan, readers: Readers, ruled_out: float | None = None) -> Iterator[tuple[str, Expected]]:
    """The policy first, then what it is to be judged beside."""
    yield OWN, expected(plan, readers)
    # What showing the model does is the price of a policy that shows it, and of no other.
    readers = _blind(readers) if plan.shows else readers
    for rule in NAMES:
        if rule != "P4" or _sure(readers):
            yield f"{rule} without audits", of_rule(readers, rule)
    if ruled_out is not None:
        yield f"gatekeeper, {100 * ruled_out:g} % ruled out", of_gate(readers, ruled_out)
        yield f"triage, one human for {100 * ruled_out:g} %", of_triage(readers, ruled_out)
    yield "no model, two humans", of_no_model(readers)
    yield "full double reading", of_two(readers)
    yield "first reader alone", of_one(readers)


def told(way: str, found: Expected, before: Expected, minutes: Minutes) -> dict[str, Any]:
    """One row, as JSON values. Saved work never stands without what it costs (S7.3)."""
    weight = minutes.specialist / minutes.first
    return {
        "way": way,
        "sensitivity": found.sensitivity,
        "specificity": found.specificity,
        "asked": found.asked,
        "audited": found.audited,
        "differedGivenAsked": found.told if found.differed else None,
        "unread": found.unread,
        "minutes": minutes.first * found.work(weight),
        "saved": found.saved(before, weight),
        "savedByWeight": {str(each): found.saved(before, each) for each in WEIGHTS},
    }


def _of(plan: Plan, rule: str, pathway: Pathway, readers: Readers) -> Expected:
    if pathway is Pathway.NONE:
        return of_no_model(readers)
    if rule == "P4" and not _sure(readers):
        raise _refused("P4 needs the shares of cases in which the model is sure, of presence or of absence")
    if plan.shows and pathway is not Pathway.CONCURRENT:
        readers = _blind(readers)
    return of_rule(readers, rule, plan.audit, plan.gate if pathway is Pathway.GATEKEEPER else None)


def _blind(readers: Readers) -> Readers:
    return replace(readers, spoiled=Spoiled())


def _sure(readers: Readers) -> bool:
    return bool(readers.surely_present or readers.surely_absent)


def _refused(text: str) -> Fault:
    return fault(Category.INCORRECT, "value", text)
