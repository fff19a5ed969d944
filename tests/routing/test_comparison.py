from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from server.arbitration import answer_of
from server.errors import Category, Fault
from server.model import Answer, Coding, Discordance, Grounds, RiskBand, Silence, Verdict
from server.routing.comparison import VERDICTS, asked, compare, settle

from .nouns import BACTERIAL, BACTERIAL_ICD, ICD, SCT, VIRAL, a_card, a_first_read, a_policy, an_ai_read

P, A = Answer.PRESENT, Answer.ABSENT
ANSWERS = (P, A, None)
NOT_COUNTED = "; this does not count as agreement."
COUGH = Coding(SCT, "49727002")


@pytest.mark.parametrize(
    ("codes", "answer"),
    [
        ((BACTERIAL,), P),
        ((BACTERIAL_ICD,), P),
        ((COUGH, BACTERIAL), P),
        ((BACTERIAL, BACTERIAL_ICD), P),
        ((VIRAL,), A),
        ((VIRAL, Coding(ICD, "A87")), A),
        ((), None),
        ((COUGH,), None),
        ((BACTERIAL, VIRAL), None),
        ((BACTERIAL, VIRAL, BACTERIAL_ICD), None),
        # The display is for people and the system is part of the code.
        ((Coding(SCT, BACTERIAL.code, "something else"),), P),
        ((Coding(ICD, BACTERIAL.code),), None),
        ((Coding("", BACTERIAL.code),), None),
        # Hierarchies are not walked, in either direction.
        ((Coding(ICD, "G00.1"),), None),
        ((Coding(ICD, "G0"),), None),
        ((Coding(ICD, "g00"),), None),
        ((Coding(ICD, "G00.1"), VIRAL), A),
    ],
)
def test_what_codes_say(codes, answer):
    assert answer_of(codes, a_card()) is answer


def test_every_pair_of_answers_has_one_verdict():
    assert set(VERDICTS) == set(itertools.product(ANSWERS, ANSWERS))


CODES = {P: (BACTERIAL,), A: (VIRAL,), None: (COUGH,)}


@pytest.mark.parametrize(
    ("first", "ai", "verdict", "discordance"),
    [
        (P, P, Verdict.CONCORDANT, None),
        (A, A, Verdict.CONCORDANT, None),
        (A, P, Verdict.DISCORDANT, Discordance.MISSED),
        (P, A, Verdict.DISCORDANT, Discordance.OVER_CALLED),
        (P, None, Verdict.DECLINED, None),
        (A, None, Verdict.DECLINED, None),
        (None, None, Verdict.DECLINED, None),
        (None, P, Verdict.NOT_COMPARABLE, None),
        (None, A, Verdict.NOT_COMPARABLE, None),
    ],
)
@pytest.mark.parametrize("rule", ["P0", "P1", "P2", "P3", "P4"])
def test_the_verdict_is_a_fact_of_the_two_answers(first, ai, verdict, discordance, rule):
    found = compare(a_first_read(*CODES[first]), an_ai_read(ai), a_card(), a_policy(rule=rule))
    assert (found.verdict, found.discordance, found.first) == (verdict, discordance, first)
    assert (found.policy, found.rule, found.band) == ("bacterial-meningitis@1.0.0", rule, None)


def test_only_two_equal_answers_are_agreement():
    agreed = {cell for cell, (verdict, _) in VERDICTS.items() if verdict is Verdict.CONCORDANT}
    assert agreed == {(P, P), (A, A)}


def test_a_risk_band_has_a_rule_of_its_own_and_is_named():
    policy = a_policy(rule="P2", bands=(RiskBand("pressing", ("stat",), rule="P1"),))
    first, ai = a_first_read(BACTERIAL), an_ai_read(A)
    pressing = compare(first, ai, a_card(), policy, "stat")
    usual = compare(first, ai, a_card(), policy, "routine")
    assert (pressing.rule, pressing.band) == ("P1", "pressing")
    assert (usual.rule, usual.band) == ("P2", None)
    assert asked(pressing, ai, policy) is Grounds.OVER_CALLED
    assert asked(usual, ai, policy) is None


def test_who_was_never_asked_has_not_declined():
    ai = replace(an_ai_read(None, "no model is asked"), silence=Silence.NOT_ASKED)
    found = compare(a_first_read(BACTERIAL), ai, a_card(), a_policy())
    assert found.verdict is Verdict.NOT_ASKED
    assert found.reason == "Bacterial meningitis: no model has read this case: no model is asked."
    assert asked(found, ai, a_policy()) is Grounds.DECLINED
    late = replace(an_ai_read(None), silence=Silence.LATE)
    assert compare(a_first_read(BACTERIAL), late, a_card(), a_policy()).verdict is Verdict.DECLINED


@pytest.mark.parametrize(
    ("codes", "ai", "reason"),
    [
        ((BACTERIAL,), an_ai_read(P), "both readers say present."),
        (
            (VIRAL,),
            an_ai_read(P),
            "possibly missed by the first reader, who says absent; the model says present.",
        ),
        (
            (BACTERIAL,),
            an_ai_read(A),
            "possibly over-called by the first reader, who says present; the model says absent.",
        ),
        (
            (BACTERIAL,),
            an_ai_read(None, "CSF glucose out of range", "too young"),
            "the model declines to read this case (CSF glucose out of range; too young).",
        ),
        ((), an_ai_read(None), "the model declines to read this case (no reason given)."),
        (
            (),
            an_ai_read(P),
            "the first report carries no conclusion code" + NOT_COUNTED,
        ),
        (
            (COUGH,),
            an_ai_read(P),
            "the first report carries no code that stands for present or absent" + NOT_COUNTED,
        ),
        (
            (BACTERIAL, VIRAL),
            an_ai_read(P),
            "the first report carries codes both for present and for absent" + NOT_COUNTED,
        ),
    ],
)
def test_the_reason_in_words(codes, ai, reason):
    assert compare(a_first_read(*codes), ai, a_card(), a_policy()).reason == f"Bacterial meningitis: {reason}"


@pytest.mark.parametrize(
    ("ai", "card", "policy"),
    [
        (an_ai_read(P, question="other"), a_card(), a_policy()),
        (an_ai_read(P), a_card(question="other"), a_policy()),
        (an_ai_read(P), a_card(), a_policy(question="other")),
    ],
)
def test_different_questions_are_never_compared(ai, card, policy):
    with pytest.raises(Fault, match="different questions") as refused:
        compare(a_first_read(BACTERIAL), ai, card, policy)
    assert refused.value.category is Category.BROKEN


SETTLED = {
    # first, model, specialist
    (P, P, None): "concordant",
    (A, A, None): "concordant",
    (P, P, P): "concordant",
    (A, A, A): "concordant",
    (P, P, A): "amended",
    (A, A, P): "amended",
    (P, A, P): "upheld",
    (P, A, A): "amended",
    (A, P, A): "upheld",
    (A, P, P): "amended",
    (P, None, P): "upheld",
    (P, None, A): "amended",
    (A, None, A): "upheld",
    (A, None, P): "amended",
    (None, P, P): "amended",
    (None, P, A): "amended",
    (None, A, P): "amended",
    (None, A, A): "amended",
    (None, None, P): "amended",
    (None, None, A): "amended",
    (P, A, None): "unsettled",
    (A, P, None): "unsettled",
    (P, None, None): "unsettled",
    (A, None, None): "unsettled",
    (None, P, None): "unsettled",
    (None, A, None): "unsettled",
    (None, None, None): "unsettled",
}


@pytest.mark.parametrize("cell", list(itertools.product(ANSWERS, ANSWERS, ANSWERS)))
def test_settle(cell):
    assert settle(*cell) == SETTLED[cell]


@pytest.mark.parametrize("cell", list(itertools.product(ANSWERS, ANSWERS, ANSWERS)))
def test_what_a_rule_lets_stand_is_settled_without_a_specialist(cell):
    left = cell in {(P, A, None), (A, P, None)}
    assert settle(*cell, stands=True) == ("stands" if left else SETTLED[cell])
