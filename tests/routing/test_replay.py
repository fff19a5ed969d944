from __future__ import annotations

import pytest

from server.errors import Category, Fault
from server.model import Answer, Band, Pathway, RiskBand, Silence
from server.routing.replay import Past, read_set, replay

from .nouns import a_policy

P, A = Answer.PRESENT, Answer.ABSENT
OVER, MISSED, AGREED = Past(P, A, 0.1, final=A), Past(A, P, 0.9, final=P), Past(A, A, 0.01)


def test_what_a_change_would_have_come_to():
    found = replay([OVER, OVER, Past(P, A, final=P), MISSED, AGREED], a_policy(), a_policy(rule="P2"))
    assert (found.cases, found.asked_before, found.asked_after) == (5, 4, 1)
    assert found.moved == {("specialist: over-called", "ends"): 3}
    assert (found.lost, found.known) == (2, 4)


def test_nothing_is_lost_where_more_are_asked():
    found = replay([OVER, MISSED, AGREED], a_policy(rule="P2"), a_policy(rule="P0"))
    assert found.moved == {("ends", "specialist: over-called"): 1, ("ends", "specialist: confirmation"): 1}
    assert found.lost == 0


@pytest.mark.parametrize(
    ("case", "after"),
    [
        (Past(P, P, 0.94), a_policy(rule="P4", confident=Band(0.05, 0.95))),
        (Past(P, P, priority="stat"), a_policy(bands=(RiskBand("x", ("stat",), pathway=Pathway.NONE),))),
        (Past(P, P, 0.5), a_policy(bands=(RiskBand("x", probability=(0.4, 0.6), rule="P0"),))),
    ],
)
def test_bands_pathways_and_confidence_count(case, after):
    found = replay([case], a_policy(), after)
    assert (found.asked_before, found.asked_after) == (0, 1)


@pytest.mark.parametrize("silence", [None, *Silence])
def test_a_silent_model_is_two_humans_under_both(silence):
    found = replay([Past(P, None, silence=silence)], a_policy(), a_policy(rule="P2"))
    assert (found.asked_before, found.asked_after, found.moved) == (1, 1, {})


def test_policies_of_two_questions_are_not_compared():
    with pytest.raises(Fault, match="about different questions"):
        replay([], a_policy(), a_policy(question="other"))


def test_a_set_is_one_object_a_line():
    content = (
        b'{"first": "present", "model": null, "silence": "not asked"}\n\n{"first": null, "model": "absent"}\n'
    )
    assert read_set(content, "a.jsonl") == [Past(P, None, silence=Silence.NOT_ASKED), Past(None, A)]


NO_CASES = [
    b"Secret",
    b'{"first": "Secret", "model": null}',
    b'{"first": null}',
    b"\xff",
    b'{"first": "\xff", "model": null}',
    b'{"first": null, "model": null, "probability": 99}',
    b'{"first": null, "model": null, "priority": "soon"}',
    b'{"first": null, "model": null, "Secret": 1}',
]


@pytest.mark.parametrize("line", NO_CASES)
def test_a_line_that_is_no_case_is_named_and_not_quoted(line):
    with pytest.raises(Fault) as refused:
        read_set(b'{"first": null, "model": null}\n' + line, "a.jsonl")
    assert refused.value.category is Category.INCORRECT
    assert str(refused.value).startswith(
        "a.jsonl, line 2, is no case: one JSON object in UTF-8 with the keys first, model"
    )
    assert "Secret" not in str(refused.value)


def test_an_empty_set_says_nothing():
    with pytest.raises(Fault, match="must hold from 1 to"):
        read_set(b"\n", "a.jsonl")
