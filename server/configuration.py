"""Cards and policies, as the operator chose them, checked against one another."""

from __future__ import annotations

from collections.abc import Mapping

from server.errors import Category, fault
from server.model import Card, Policy
from server.reader.cards import load_cards
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
