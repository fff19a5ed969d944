"""From raw log-odds to an answer: the columns of a model, Platt scaling and the band. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from server.contract import AGE
from server.model import Card


@dataclass(frozen=True, slots=True)
class Score:
    """One row's score: raw log-odds, their baseline, and each column's share (TreeSHAP)."""

    log_odds: float
    baseline: float
    shares: tuple[float, ...]


def columns(card: Card) -> tuple[str, ...]:
    """The model's columns in their order: the features of the contract, then the age."""
    return (*(feature.name for feature in card.contract.features), AGE)


def row(card: Card, values: Mapping[str, Decimal | None]) -> list[float]:
    """One row for the model; not measured is NaN (the model has learned what to do then)."""
    return [math.nan if (value := values[name]) is None else float(value) for name in columns(card)]


def self_tests(card: Card) -> dict[str, list[float]]:
    """Key in ``calibration`` -> row whose raw log-odds the card states: all ranges low, all high."""
    spans = [feature.trained for feature in card.contract.features] + [card.contract.age_years]
    return {
        "self_test_low": [float(span.low) for span in spans],
        "self_test_high": [float(span.high) for span in spans],
    }


def calibrated(card: Card, log_odds: float) -> float:
    """Raw log-odds -> calibrated log-odds (Platt 1999: a line, fitted on rows not trained on)."""
    return card.calibration["slope"] * log_odds + card.calibration["intercept"]


def probability(log_odds: float) -> float:
    """Calibrated log-odds -> probability, without overflow at the far ends."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    return math.exp(log_odds) / (1 + math.exp(log_odds))
