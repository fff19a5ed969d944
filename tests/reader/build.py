"""A small card and evidence for the tests of this room."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from server.contract import Inputs, weigh
from server.model import Card, Coding, Evidence, Measurement, ResourceKey
from server.reader.cards import OTHER, load_cards, load_others

CARDS = Path(__file__).parents[2] / "server" / "reader" / "cards"
CARD: Card = load_cards(CARDS)["bacterial-meningitis"]
FOLDER = CARDS / CARD.question
OTHER_CARD: Card = load_others(CARDS)[CARD.question]
OTHER_FOLDER = FOLDER / OTHER
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)

BACTERIAL = {"csf_wbc": "4850", "csf_neut_pct": "86", "csf_gluc": "6", "csf_prot": "250", "blood_wbc": "11"}
"""Held-out patient 459, outcome: bacterial."""
VIRAL = {"csf_wbc": "102", "csf_neut_pct": "0", "csf_gluc": "58", "csf_prot": "53", "blood_gluc": "68"}
"""Held-out patient 403, outcome: not bacterial."""
UNSURE = {"csf_wbc": "174", "csf_neut_pct": "92", "csf_gluc": "50", "csf_prot": "50", "blood_wbc": "17.5"}
"""Held-out patient 541: neutrophils speak for, glucose and protein against."""


def evidence(values: dict[str, str], years: int = 20) -> Evidence:
    features = {feature.name: feature for feature in CARD.contract.features}
    return Evidence(
        measurements=tuple(
            Measurement(
                codes=(Coding("http://loinc.org", features[name].codes[0].code),),
                value=Decimal(value),
                unit=features[name].unit,
                effective=NOW - timedelta(hours=1),
                source=ResourceKey("Observation", name, 1),
            )
            for name, value in values.items()
        ),
        birth_date=date(NOW.year - years, 1, 1),
        anchor=NOW,
    )


def inputs(values: dict[str, str], years: int = 20) -> Inputs:
    return weigh(CARD.contract, evidence(values, years))
