"""How the gatekeepers of the policies in force do: counted of what anybody may know, for people and /metrics.

Nothing here moves by what the model says of a case as long as that is under seal (``GateStore.told``). That a
gate is open tells whoever reads a case no more than that it was not ruled out, which its Task says, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from server.model import GateRule, Passage, Passed, Pathway, Policy
from server.policies import parsed
from server.routing.gate import closed, omission_bound, reads_to_open
from server.routing.pathways import gate_key
from server.store.gates import GateStore
from server.wiring import House


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """One policy's, with the model version in use."""

    policy: Policy
    rule: GateRule
    card: str | None
    """``name@version``; None: the question has no model, so nothing is judged."""
    passed: Passed
    closed: Passage | None
    """Why humans read the next case whatever the model says; None: it is open."""

    @property
    def bands(self) -> tuple[str, ...]:
        """The risk bands that have it; empty: all cases outside the bands have."""
        own = self.policy.pathway is Pathway.GATEKEEPER
        named = (each.name for each in self.policy.bands if each.pathway is Pathway.GATEKEEPER)
        return () if own else tuple(named)

    @property
    def bound(self) -> float | None:
        """The upper 95 % bound of what it would miss; None: nothing is known."""
        return omission_bound(self.passed) if self.passed.reread else None

    @property
    def reads_to_open(self) -> int:
        """How many more human reads without a finding prove it."""
        return reads_to_open(self.rule, self.passed)


def gatekeepers(house: House, at: datetime) -> Iterator[Gatekeeper]:
    """Of each policy in force that has one."""
    for _, counting in sorted(house.rulings.changes.in_force(at).items()):
        policy = parsed(counting.kept)
        if policy.gate is not None:
            yield _gatekeeper(house, policy, policy.gate, at)


def _gatekeeper(house: House, policy: Policy, rule: GateRule, at: datetime) -> Gatekeeper:
    card = house.cards.get(policy.question)
    if card is None:
        return Gatekeeper(policy, rule, None, Passed(), Passage.SILENT)
    key = gate_key(policy, rule, card.identity)
    passed = GateStore(house.database).told(key, at - rule.window)
    doubled = house.rulings.switches.on(policy.question) is not None
    why = closed(rule, passed, doubled=doubled)
    if house.ledger.withdrawn(card.identity) is not None:
        why = Passage.SILENT
    return Gatekeeper(policy, rule, card.identity, passed, why)
