"""When a model is asked about a case, who learns of it when, and by which rule the two are judged (S8).

All of it stands in the policy: one pathway and one rule for the question, and others for its risk bands.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from server.model import GateKey, GateRule, Pathway, Policy, RiskBand

PRIORITIES = ("routine", "urgent", "asap", "stat")
"""R4 request-priority, as a Task has it."""
ROUTINE = "routine"
"""What a request that names no priority has (R4 Task.priority)."""


class Person(StrEnum):
    """Who may learn what a model says."""

    FIRST_READER = "first reader"
    SPECIALIST = "specialist"
    REQUESTER = "requester"


class Moment(StrEnum):
    """How far a case has come."""

    READING = "before the first report is locked"
    LOCKED = "from then until the case is resolved"
    RESOLVED = "afterwards"


_NOBODY: frozenset[Person] = frozenset()
_ALL = frozenset(Person)

SHOWN: Mapping[Pathway, Mapping[Moment, frozenset[Person]]] = {
    Pathway.SECOND_READER: {Moment.READING: _NOBODY, Moment.LOCKED: _NOBODY, Moment.RESOLVED: _ALL},
    # Who reads a case at all knows that it was not ruled out, and no more.
    Pathway.GATEKEEPER: {Moment.READING: _NOBODY, Moment.LOCKED: _NOBODY, Moment.RESOLVED: _ALL},
    # The specialist stays blind: an arbiter who knows what the model said follows it or discounts it (S2.4).
    Pathway.CONCURRENT: {
        Moment.READING: frozenset({Person.FIRST_READER}),
        Moment.LOCKED: frozenset({Person.FIRST_READER}),
        Moment.RESOLVED: _ALL,
    },
    Pathway.NONE: dict.fromkeys(Moment, _NOBODY),
}
"""Who may see what the model says, when; under no pathway does a specialist before their own first look."""


def shown(pathway: Pathway, moment: Moment, person: Person) -> bool:
    """Whether somebody on the case may learn what the model says."""
    return person in SHOWN[pathway][moment]


def pathway_of(policy: Policy, priority: str) -> Pathway:
    """The pathway of a case that no model has read yet."""
    band = next((each for each in policy.bands if _by_priority(each, priority)), None)
    return (band.pathway if band else None) or policy.pathway


def gate_key(policy: Policy, rule: GateRule, card: str) -> GateKey:
    """Which cases a policy's gatekeeper judges alike, of the model ``name@version``."""
    kept = (each for each in PRIORITIES if pathway_of(policy, each) is Pathway.GATEKEEPER)
    return GateKey(policy.question, card, rule.rule_out_below, ",".join(kept))


def rule_of(policy: Policy, priority: str, probability: float | None) -> tuple[str, str | None]:
    """The rule that a case is judged by, and the name of its risk band; the first band that it is in."""
    for band in policy.bands:
        if _by_priority(band, priority) or _by_probability(band, probability):
            return band.rule or policy.rule, band.name
    return policy.rule, None


def _by_priority(band: RiskBand, priority: str) -> bool:
    return (priority or ROUTINE) in band.priorities


def _by_probability(band: RiskBand, probability: float | None) -> bool:
    if band.probability is None or probability is None:
        return False
    return band.probability[0] <= probability <= band.probability[1]
