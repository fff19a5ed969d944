"""A read in plain words, for the conclusion of a report. Pure."""

from __future__ import annotations

from server.model import AiRead, Answer, Card, Contribution

MAX_CHARS = 900
MARK = "AI second read, not verified by a clinician"
_TOP = 4
_WEIGHTLESS = 0.05
"""Log-odds under which a value moved the result by about one part in a hundred: not worth a clause."""

_UNITS = {"a": "years"}


def explain(read: AiRead, card: Card) -> str:
    """What the model says and why, at most MAX_CHARS; opens with the mark that it is AI."""
    finding = _finding(card)
    if read.probability is None:
        text = f"{MARK}: no answer on {finding}. Reason: {'; '.join(read.reasons)}. {_source(card)}"
    else:
        text = f"{_verdict(read, finding, read.probability)}{_because(read)} {_source(card)}"
    return text if len(text) <= MAX_CHARS else text[: MAX_CHARS - 1].rstrip() + "…"


def _verdict(read: AiRead, finding: str, probability: float) -> str:
    chance = f"calibrated probability {_shown(probability)}"
    if read.answer is None:
        return f"{MARK}: no answer on {finding} ({chance}; {'; '.join(read.reasons)})."
    word = "present" if read.answer is Answer.PRESENT else "absent"
    return f"{MARK}: {finding} {word} ({chance})."


def _because(read: AiRead) -> str:
    weighty = [part for part in read.contributions if abs(part.log_odds) >= _WEIGHTLESS][:_TOP]
    if not weighty:
        return ""
    return f" Mostly because: {'; '.join(_clause(part) for part in weighty)}."


def _clause(part: Contribution) -> str:
    unit = _UNITS.get(part.unit, part.unit)
    value = f"{part.label} {part.value}" + (f" {unit}" if unit else "")
    return f"{value} {'raised' if part.log_odds > 0 else 'lowered'} the odds"


def _source(card: Card) -> str:
    return f"Reader {card.identity}."


def _finding(card: Card) -> str:
    return card.finding.display[:1].lower() + card.finding.display[1:]


def _shown(chance: float) -> str:
    """Two decimals, and never 0.00 or 1.00: no model is certain."""
    return f"{min(max(chance, 0.01), 0.99):.2f}"
