from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from server.errors import Category, Fault
from server.model import Answer, Band, Device, GateRule, Pathway, RiskBand, Silence, Thresholds
from server.routing.figures import figures, lines
from server.routing.replay import Past, Right, Unread, read_set, replay

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


GATE = GateRule(0.05, timedelta(days=90), 0.5, 0.1, 0.01)
GATED = a_policy(pathway=Pathway.GATEKEEPER, gate=GATE)


@pytest.mark.parametrize(
    ("case", "out"),
    [
        (Past(A, A, 0.049), True),
        (Past(None, A, 0.0, priority="stat"), True),
        (Past(A, A, 0.05), False),
        (Past(A, A), False),
        (Past(A, P, 0.01), False),
        (Past(A, None, 0.01), False),
        (Past(A, None, silence=Silence.NOT_ASKED), False),
    ],
)
def test_what_is_below_is_ruled_out_by_a_gatekeeper(case, out):
    found = replay([case], a_policy(), GATED)
    assert (found.unread_before, found.unread_after.cases) == (None, out)
    assert ("ruled out, no human" in {now for _, now in found.moved}) is out


def test_what_a_gatekeeper_would_have_lost():
    cases = [
        Past(A, A, 0.01),
        Past(P, A, 0.01),  # ended as present: nobody else was asked
        Past(P, A, 0.01, final=A),
        Past(A, A, 0.01, final=P),
        Past(P, A, 0.01, final=P),
        Past(A, A, None),
        Past(A, A, 0.2),
    ]
    found = replay(cases, a_policy(rule="P2"), GATED)
    assert found.unread_after == Unread(cases=5, present=3, unknown=1)
    assert found.moved == {("ends", "ruled out, no human"): 5}
    # Of three whose answer is known: the two ill are not found any more, the one who is well is.
    assert (found.ill, found.well) == (Right(2, 1, 0), Right(1, 0, 1))


def test_a_catch_of_a_specialist_is_lost_where_nobody_reads():
    found = replay([Past(P, A, 0.01, final=A), Past(A, A, 0.01, final=P)], a_policy(rule="P0"), GATED)
    assert (found.asked_before, found.asked_after, found.lost) == (2, 0, 2)


def test_a_band_alone_may_have_a_gatekeeper():
    calm = RiskBand("calm", ("routine",), pathway=Pathway.GATEKEEPER)
    cases = [Past(A, A, 0.01), Past(A, A, 0.01, priority="stat"), Past(A, A, priority="stat")]
    found = replay(cases, GATED, a_policy(bands=(calm,), gate=GATE))
    assert (found.unread_before.cases, found.unread_after) == (2, Unread(1, 0, 0))
    assert found.moved == {("ruled out, no human", "ends"): 1}


def test_concurrent_reading_is_replayed_as_second_reading():
    shown = a_policy(pathway=Pathway.CONCURRENT)
    cases = [OVER, MISSED, AGREED]
    found, plain = replay(cases, a_policy(), shown), replay(cases, a_policy(), a_policy())
    assert replace(found, shown_after=0) == plain
    assert (found.shown_before, found.shown_after) == (0, 3)


SOME = (OVER, AGREED, Past(P, A), Past(P, A, 0.01))


def told(before, after, cases=SOME, **more):
    """What is said beyond sensitivity and specificity."""
    found = [*lines({**figures(replay(cases, before, after)), **more})]
    return found[next(n for n, line in enumerate(found) if line.startswith("specificity")) + 1 :]


def test_what_is_kept_says_whom_no_human_would_have_read():
    assert told(a_policy(), GATED) == [
        "no human reads 2 (50.0%) after; 1 of those ended as present: lost findings",
        "  1 more count as read by humans, for their probability is not known",
        "  at worst, with all below ruled out: a gatekeeper's cap, lot and proof are not replayed",
    ]
    assert told(GATED, GATED, [OVER], ruledOut=3) == [
        "no human reads 0 (0.0%) before; 0 of those ended as present: lost findings",
        "no human reads 0 (0.0%) after; 0 of those ended as present: lost findings",
        "  at worst, with all below ruled out: a gatekeeper's cap, lot and proof are not replayed",
        "not among these: 3 cases that ended here without a human, by a gatekeeper",
    ]


def test_what_is_kept_says_who_had_not_seen_the_model_and_who_may_have():
    shown = a_policy(pathway=Pathway.CONCURRENT)
    assert told(a_policy(), shown) == [
        (
            "the first reader sees the model's answer in 4 after; "
            "what they answered here they answered without seeing it"
        )
    ]
    for after in (shown, a_policy()):
        assert told(shown, after) == [
            (
                "the first reader sees the model's answer in 4 before; "
                "where they did, they may have followed it, and agreement says less"
            )
        ]


def test_what_was_kept_before_there_were_gatekeepers_is_told_as_ever():
    assert told(a_policy(), a_policy()) == []
    kept = {**figures(replay([OVER], a_policy(), a_policy()))}
    before = {key: each for key, each in kept.items() if key not in ("noHuman", "shown")}
    assert [*lines(before)] == [*lines(kept)]


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


NARROW = Thresholds(Band(0.1, 0.9))


@pytest.mark.parametrize(
    ("case", "before", "after", "moved"),
    [
        # The model said present at 0.8; under the new thresholds it declines.
        (Past(P, P, 0.8), a_policy(), a_policy(thresholds=NARROW), {("ends", "specialist: declined"): 1}),
        # Back to the card's own, which are lower.
        (Past(P, None, 0.8), a_policy(thresholds=NARROW), a_policy(), {("specialist: declined", "ends"): 1}),
        (Past(A, None, 0.15), a_policy(), a_policy(thresholds=Thresholds(Band(0.2, 0.9))),
         {("specialist: declined", "ends"): 1}),
        # A model that was silent, or declined without a number, says no more under any thresholds.
        (Past(P, None, 0.95, Silence.LATE), a_policy(), a_policy(thresholds=NARROW), {}),
        (Past(P, None), a_policy(), a_policy(thresholds=NARROW), {}),
        (Past(P, P, 0.95), a_policy(), a_policy(thresholds=NARROW), {}),
    ],
)  # fmt: skip
def test_the_model_is_read_by_the_thresholds_of_each_policy(case, before, after, moved):
    assert dict(replay([case], before, after, Band(0.1, 0.7)).moved) == moved


def test_without_a_card_the_answers_of_the_set_count_where_a_policy_has_no_thresholds():
    assert replay([Past(P, P, 0.8)], a_policy(), a_policy()).moved == {}
    found = replay([Past(P, None, 0.8)], a_policy(), a_policy(thresholds=Thresholds(Band(0.1, 0.7))))
    assert dict(found.moved) == {("specialist: declined", "ends"): 1}


def test_thresholds_of_devices_are_said_to_be_left_out():
    devices = Thresholds(None, ((Device("Acme"), Band(0.1, 0.9)),))
    [*told] = lines(figures(replay([OVER], a_policy(), a_policy(thresholds=devices))))
    assert any("the thresholds of single devices" in each for each in told)
    assert not any(
        "single devices" in each for each in lines(figures(replay([OVER], a_policy(), a_policy())))
    )
