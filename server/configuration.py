"""Cards and policies, as the operator chose them, checked against one another."""

from __future__ import annotations

from collections.abc import Mapping

from server.errors import Category, fault
from server.model import Card, Policy
from server.reader.cards import load_cards
from server.reader.process import verified
from server.routing.policy import load_policies
from server.settings import Settings


def load_configuration(settings: Settings) -> tuple[Mapping[str, Card], Mapping[str, Policy]]:
    """Cards and policies; each question that has a card needs a policy.

    Raises:
        Fault: INCORRECT, naming what is missing.
    """
    cards, policies = load_cards(settings.cards), load_policies(settings.policies)
    orphans = sorted(cards.keys() - policies.keys())
    if orphans:
        raise fault(
            Category.INCORRECT, "required", f"{settings.policies} has no policy for: {', '.join(orphans)}"
        )
    for question, card in cards.items():
        demand_sure(card, policies[question])
    return cards, policies


def demand_sure(card: Card, policy: Policy) -> None:
    """P4 would call sure what the model does not even answer, and end all that P1 ends; a gatekeeper
    would rule out by the threshold of an answer that a human still reads beside.

    Raises:
        Fault: INCORRECT, when a policy does.
    """
    sure, band, gate = policy.confident, policy.thresholds or card.band, policy.gate
    if gate is not None and gate.rule_out_below >= band.absent_at_most:
        text = (
            f"policy {policy.identity}, key gate.rule_out_below: must be below {band.absent_at_most:g}, by "
            "which the model says absent: to leave a case without a human takes more than that (S8.2)"
        )
        raise fault(Category.INCORRECT, "value", text)
    if sure is None:
        return
    if sure.absent_at_most >= band.absent_at_most or sure.present_at_least <= band.present_at_least:
        text = (
            f"policy {policy.identity}, key confident: must lie beyond the model's own thresholds, below "
            f"{band.absent_at_most:g} and above {band.present_at_least:g}; else every answer is a sure one"
        )
        raise fault(Category.INCORRECT, "value", text)


def demand_models(settings: Settings, cards: Mapping[str, Card]) -> None:
    """What is started would refuse another model only when it loads it: say so before anybody listens.

    Raises:
        Fault: BROKEN, when a model file is missing or is not the one that its card names.
    """
    for question, card in cards.items():
        verified(settings.cards / question / card.model_file, card.model_digest)
