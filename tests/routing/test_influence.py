"""What specialists changed: of those whose blind answer is known alone."""

from __future__ import annotations

import pytest

from server.model import Alike, Answer
from server.routing.influence import influence
from server.routing.told import HIDDEN, told

P, A = Answer.PRESENT, Answer.ABSENT


def turned(*rows: Alike) -> object:
    beside = [
        Alike("P1", P, A, True, P, "d1", 12, P),
        Alike("P1", P, A, True, A, "d1", 11, A),
        Alike("P1", A, P, True, A, "d1", 12, A),
        Alike("P1", A, A, True, None, "d1", 60, None),
    ]
    return influence([*rows, *beside], told([*rows, *beside]))["towardsModel"]


def ended(cases: int, blind: Answer | None) -> Alike:
    """With the model, against the first reader."""
    return Alike("P1", A, P, True, P, "d1", cases, blind)


def test_of_those_who_ended_with_the_model_those_who_had_answered_otherwise() -> None:
    found = turned(ended(15, A), ended(10, P))
    assert isinstance(found, dict)
    assert (found["count"], found["of"]) == (15, 36)


def test_of_whom_no_blind_answer_is_kept_is_not_counted_as_one_who_did_not_turn() -> None:
    found = turned(ended(15, A), ended(10, P), ended(30, None))
    assert isinstance(found, dict)
    assert (found["count"], found["of"]) == (15, 36)


@pytest.mark.parametrize("few", [1, 9])
def test_beside_a_few_without_a_blind_answer_nothing_is_told(few: int) -> None:
    assert turned(ended(15, A), ended(10, P), ended(few, None)) == HIDDEN


def test_of_whom_no_blind_answer_is_kept_alone_nothing_is_told() -> None:
    rows = [Alike("P1", A, P, True, P, "d1", 30, None), Alike("P1", A, P, True, A, "d1", 30, None)]
    assert influence(rows, told(rows)) == {"towardsModel": HIDDEN, "towardsFirst": HIDDEN}
