"""A read in plain words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.model import AiRead, Answer, Contribution
from server.reader.explanation import MARK, MAX_CHARS, explain
from tests.reader.build import CARD, NOW

PARTS = (
    Contribution("csf_wbc", "CSF leukocytes", "4000", "/uL", 2.1),
    Contribution("csf_gluc", "CSF glucose", "70", "mg/dL", -1.2),
    Contribution("age_years", "Age", "8", "a", 0.4),
    Contribution("blood_gluc", "Blood glucose", "not measured", "", 0.01),
)
READ = AiRead(
    question=CARD.question,
    card=CARD.identity,
    model_digest="",
    input_digest="",
    made_at=NOW,
    answer=Answer.PRESENT,
    probability=0.9412,
    band=CARD.band,
    contributions=PARTS,
)


def test_an_answer_says_what_how_sure_and_why() -> None:
    assert explain(READ, CARD) == (
        f"{MARK}: bacterial meningitis present (calibrated probability 0.94). Mostly because: CSF leukocytes "
        "4000 /uL raised the odds; CSF glucose 70 mg/dL lowered the odds; Age 8 years raised the odds. "
        "Reader abm-xgboost@1.0.0."
    )


@pytest.mark.parametrize(("probability", "shown"), [(0.0001, "0.01"), (0.99999, "0.99"), (0.005, "0.01")])
def test_no_model_is_certain(probability: float, shown: str) -> None:
    said = explain(replace(READ, answer=Answer.ABSENT, probability=probability), CARD)
    assert f"meningitis absent (calibrated probability {shown})" in said


def test_a_decline_says_why() -> None:
    read = replace(READ, answer=None, probability=None, contributions=(), reasons=("too old", "too much"))
    assert explain(read, CARD).startswith(
        f"{MARK}: no answer on bacterial meningitis. Reason: too old; too much."
    )


def test_between_the_thresholds_the_probability_is_still_said() -> None:
    read = replace(READ, answer=None, probability=0.4, reasons=("not sure enough",))
    assert (
        f"{MARK}: no answer on bacterial meningitis (calibrated probability 0.40; not sure enough)."
        in explain(read, CARD)
    )


def test_it_stays_short() -> None:
    read = replace(READ, answer=None, probability=None, reasons=("a very long reason",) * 200)
    said = explain(read, CARD)
    assert len(said) == MAX_CHARS
    assert said.startswith(MARK)
    assert said.endswith("…")
