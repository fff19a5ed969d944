"""A policy beside the other ways of reading the same cases, as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from server.errors import Category, Fault, fault
from server.model import Pathway, Policy
from server.routing.rules import NAMES
from server.routing.simulation.expected import (
    Expected,
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

    def __post_init__(self) -> None:
        if not 0 <= sum(band.share for band, *_ in self.bands) < 1:
            raise _refused("the shares of all risk bands together must be at least 0 and below 1")


def plan_of(policy: Policy, bands: Mapping[str, Band]) -> Plan:
    """What a policy file says, with what its bands are said to hold.

    Raises:
        Fault: INCORRECT, when a band is not told of, is not in the policy, or is told by probability.
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
    return Plan(policy.rule, policy.audit_fraction, policy.pathway, held)


def expected(plan: Plan, readers: Readers) -> Expected:
    """What a policy comes to. The prevalence of ``readers`` is that of cases outside all bands."""
    left = 1 - sum(band.share for band, *_ in plan.bands)
    parts = [(left, readers.prevalence, _of(plan.rule, plan.pathway, plan.audit, readers))]
    for band, rule, pathway in plan.bands:
        among = replace(readers, prevalence=band.prevalence)
        parts.append((band.share, band.prevalence, _of(rule, pathway, plan.audit, among)))
    return mixed(parts)


def ways(plan: Plan, readers: Readers, ruled_out: float | None = None) -> Iterator[tuple[str, Expected]]:
    """The policy first, then what it is to be judged beside."""
    yield "this policy", expected(plan, readers)
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
        "minutes": minutes.first * found.work(weight),
        "saved": found.saved(before, weight),
        "savedByWeight": {str(each): found.saved(before, each) for each in WEIGHTS},
    }


def _of(rule: str, pathway: Pathway, audit: float, readers: Readers) -> Expected:
    if pathway is Pathway.NONE:
        return of_no_model(readers)
    if rule == "P4" and not _sure(readers):
        raise _refused("P4 needs the shares of cases in which the model is sure, of presence or of absence")
    return of_rule(readers, rule, audit)


def _sure(readers: Readers) -> bool:
    return bool(readers.surely_present or readers.surely_absent)


def _refused(text: str) -> Fault:
    return fault(Category.INCORRECT, "value", text)
