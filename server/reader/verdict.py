"""From a score to the read that is sealed. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from server.contract import AGE, Inputs
from server.errors import Category, fault
from server.model import AiRead, Card, Contribution
from server.reader.scale import Score, calibrated, columns, probability


def declined(card: Card, inputs: Inputs, now: datetime) -> AiRead:
    """The read of a case that lies outside what the model was trained on."""
    return AiRead(
        question=card.question,
        card=card.identity,
        model_digest=card.model_digest,
        input_digest=inputs.digest,
        made_at=now,
        answer=None,
        probability=None,
        band=card.band,
        reasons=inputs.outside,
        sources=inputs.sources,
    )


def read(card: Card, inputs: Inputs, score: Score, now: datetime) -> AiRead:
    """The read that follows from a score. Contributions are in calibrated log-odds.

    Raises:
        Fault: BROKEN when the probability is not a number from 0 to 1.
    """
    chance = probability(calibrated(card, score.log_odds))
    if not 0 <= chance <= 1:  # also true for NaN
        raise fault(Category.BROKEN, "exception", "the model's probability is not between 0 and 1")
    said = card.band.says(chance)
    low, high = card.band.absent_at_most, card.band.present_at_least
    unsure = f"the calibrated probability lies between {low:g} and {high:g}, where the reader does not answer"
    return AiRead(
        question=card.question,
        card=card.identity,
        model_digest=card.model_digest,
        input_digest=inputs.digest,
        made_at=now,
        answer=said,
        probability=chance,
        band=card.band,
        contributions=_contributions(card, inputs, score),
        baseline_log_odds=calibrated(card, score.baseline),
        reasons=() if said else (unsure,),
        sources=inputs.sources,
    )


def _contributions(card: Card, inputs: Inputs, score: Score) -> tuple[Contribution, ...]:
    """All of them, the weightiest first; with the baseline they add up to the calibrated log-odds."""
    slope = card.calibration["slope"]
    named = {feature.name: (feature.label, feature.unit) for feature in card.contract.features}
    named[AGE] = ("Age", "a")
    shares = zip(columns(card), score.shares, strict=True)
    each = (
        Contribution(name, *_shown(named[name], inputs.values[name]), log_odds=slope * share)
        for name, share in shares
    )
    return tuple(sorted(each, key=lambda part: -abs(part.log_odds)))


def _shown(named: tuple[str, str], value: Decimal | None) -> tuple[str, str, str]:
    """(label, value, unit) as people read it."""
    label, unit = named
    if value is None:
        return label, "not measured", ""
    return label, format(value.normalize() + 0, "f"), unit
