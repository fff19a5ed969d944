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
    return cards, policies


def demand_models(settings: Settings, cards: Mapping[str, Card]) -> None:
    """What is started would refuse another model only when it loads it: say so before anybody listens.

    Raises:
        Fault: BROKEN, when a model file is missing or is not the one that its card names.
    """
    for question, card in cards.items():
        verified(settings.cards / question / card.model_file, card.model_digest)
