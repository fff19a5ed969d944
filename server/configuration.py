"""Cards and policies, as the operator chose them, checked against one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from server.errors import Category, fault
from server.model import Band, Card, Policy, Thresholds
from server.reader.cards import OTHER, load_cards, load_others
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
    _demand_apart(cards.values())
    return cards, policies


def load_other_models(settings: Settings, cards: Mapping[str, Card]) -> Mapping[str, Card]:
    """The models that assess where a patient asks for another one, by question.

    Raises:
        Fault: INCORRECT, naming what is missing.
    """
    others = load_others(settings.cards)
    for question, other in others.items():
        first = cards.get(question)
        if first is None:
            text = f"{settings.cards} has another model for {question}, and no first one"
            raise fault(Category.INCORRECT, "required", text)
        if wrong := _unlike(first, other):
            text = f"the other model of {question} must have {wrong}"
            raise fault(Category.INCORRECT, "value", text)
    _demand_apart((*cards.values(), *others.values()))
    return others


def _demand_apart(cards: Iterable[Card]) -> None:
    """By its name and version a model is withdrawn, and known in every record."""
    identities = [each.identity for each in cards]
    if twice := sorted({each for each in identities if identities.count(each) > 1}):
        text = f"each model needs a name or version of its own; twice: {', '.join(twice)}"
        raise fault(Category.INCORRECT, "value", text)


def _unlike(first: Card, other: Card) -> str:
    """What keeps two models from answering one question for one another; empty: nothing."""
    if not first.finding.same_as(other.finding):
        return "the finding of the first"
    if (first.present_codes, first.absent_codes) != (other.present_codes, other.absent_codes):
        return "the codes for present and absent of the first"
    return "" if (first.film is None) is (other.film is None) else "the kind of the first, tabular or film"


def demand_sure(card: Card, policy: Policy) -> None:
    """P4 would call sure what the model does not even answer, and end all that P1 ends; a gatekeeper
    would rule out by the threshold of an answer that a human still reads beside.

    Raises:
        Fault: INCORRECT, when a policy does.
    """
    if card.film is None and policy.thresholds is not None and policy.thresholds.devices:
        text = f"policy {policy.identity}, key thresholds.devices: no image is read for this question"
        raise fault(Category.INCORRECT, "value", text)
    for band in _in_use(card, policy):
        _demand_sure(band, policy)


def _in_use(card: Card, policy: Policy) -> Iterable[Band]:
    """Every pair of thresholds that the model may be read by."""
    own = policy.thresholds or Thresholds(None)
    return own.band or card.band, *(band for _, band in own.devices)


def _demand_sure(band: Band, policy: Policy) -> None:
    sure, gate = policy.confident, policy.gate
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


def demand_models(settings: Settings, cards: Mapping[str, Card], others: Mapping[str, Card]) -> None:
    """What is started would refuse another model only when it loads it: say so before anybody listens.

    Raises:
        Fault: BROKEN, when a model file is missing or is not the one that its card names.
    """
    for question, card in cards.items():
        verified(settings.cards / question / card.model_file, card.model_digest)
    for question, card in others.items():
        verified(settings.cards / question / OTHER / card.model_file, card.model_digest)
