"""Do the two readers agree? A fact of their two answers; what is made of it is the rule's (``rules``).

Each reader either says *present*, says *absent*, or gives no usable answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from server.arbitration import answer_of, carries
from server.errors import Category, fault
from server.model import (
    AiRead,
    Answer,
    Card,
    Coding,
    Comparison,
    Discordance,
    FirstRead,
    Grounds,
    Policy,
    Silence,
    Verdict,
)
from server.routing.pathways import rule_of
from server.routing.rules import asking, said_by

_PRESENT, _ABSENT = Answer.PRESENT, Answer.ABSENT

Found = tuple[Verdict, Discordance | None]

VERDICTS: Mapping[tuple[Answer | None, Answer | None], Found] = {
    # first reader, model; None: no usable answer
    (_PRESENT, _PRESENT): (Verdict.CONCORDANT, None),
    (_ABSENT, _ABSENT): (Verdict.CONCORDANT, None),
    (_ABSENT, _PRESENT): (Verdict.DISCORDANT, Discordance.MISSED),
    (_PRESENT, _ABSENT): (Verdict.DISCORDANT, Discordance.OVER_CALLED),
    # A model that declines has not agreed, whatever the first reader says.
    (_PRESENT, None): (Verdict.DECLINED, None),
    (_ABSENT, None): (Verdict.DECLINED, None),
    (None, None): (Verdict.DECLINED, None),
    # Nor has a first report that says nothing in codes we know.
    (None, _PRESENT): (Verdict.NOT_COMPARABLE, None),
    (None, _ABSENT): (Verdict.NOT_COMPARABLE, None),
}


def compare(
    first: FirstRead, ai: AiRead, card: Card, policy: Policy, priority: str = "", *, shown: bool = False
) -> Comparison:
    """The verdict on a locked first read and a sealed AI read, with its reason in words.

    ``priority`` is the requester's, which may put the case into a risk band with a rule of its own.
    ``shown``: the first reader had been shown what the model says.

    Raises:
        Fault: BROKEN, when reads, card and policy do not belong to one question.
    """
    if not ai.question == card.question == policy.question:
        raise fault(
            Category.BROKEN,
            "exception",
            "AI read, card and policy are about different questions; all three must name the same one",
        )
    said = answer_of(first.codes, card)
    verdict, discordance = VERDICTS[said, ai.answer]
    if ai.silence is Silence.NOT_ASKED:
        verdict = Verdict.NOT_ASKED
    rule, band = rule_of(policy, priority, ai.probability)
    reason = f"{card.finding.display}: {_why(first, ai, card, said, discordance)}"
    return Comparison(verdict, reason, policy.identity, said, discordance, rule, band, shown)


def asked(comparison: Comparison, ai: AiRead, policy: Policy) -> Grounds | None:
    """Why a specialist is asked; None: the first reader's report stands."""
    return asking(comparison.rule, comparison.first, said_by(ai, policy.confident))


_VOID = "this model version was withdrawn before its read was released"


def voided_read(read: AiRead) -> AiRead:
    """The read of a withdrawn model version: from now on a decline."""
    return replace(read, answer=None, probability=None, contributions=(), reasons=(_VOID,))


def voided(comparison: Comparison) -> Comparison:
    """What a comparison comes to when the model's read is void."""
    return replace(comparison, verdict=Verdict.DECLINED, discordance=None, reason=_VOID)


def barred(comparison: Comparison, reason: str) -> Comparison:
    """What a comparison comes to when the patient wants no model: two humans read."""
    return replace(comparison, verdict=Verdict.NOT_ASKED, discordance=None, reason=reason)


def unread(ai: AiRead, card: Card, policy: Policy, priority: str = "") -> Comparison:
    """What stands in place of a comparison where a gatekeeper has ruled a case out: no human has read."""
    rule, band = rule_of(policy, priority, ai.probability)
    reason = f"{card.finding.display}: ruled out under the policy; no human has read this case."
    return Comparison(Verdict.RULED_OUT, reason, policy.identity, None, None, rule, band)


class Outcome(StrEnum):
    """What became of the first reader's answer; upheld and amended need a specialist's answer."""

    CONCORDANT = "concordant"
    UPHELD = "upheld"
    AMENDED = "amended"
    STANDS = "stands"
    """The readers differ, and the rule asks nobody: the first report stands."""
    RULED_OUT = "ruled-out"
    """No human has read; of no comparison."""
    UNSETTLED = "unsettled"


def settle(first: Answer | None, ai: Answer | None, final: Answer | None, *, stands: bool = False) -> Outcome:
    """How a case ends for the first reader, given the specialist's ``final`` answer if there is one.

    ======================  ============  ==========================  ===========================
    first reader and model  final: none   final: as the first reader  final: not as the first one
    ======================  ============  ==========================  ===========================
    same answer             concordant    concordant (audit: all      amended (audit: differs from
                                          three agree)                both readers)
    different answers       unsettled     upheld                      amended
    model declined          unsettled     upheld                      amended
    no first answer         unsettled     (cannot be)                 amended (the record gains the
                                                                      answer it did not have)
    ======================  ============  ==========================  ===========================

    ``stands``: the rule lets the first report stand against the model's, and nobody was asked.
    ``unsettled`` is no end: such a case waits for a person and never closes (S2.8). A report by
    the specialist that carries no usable code gives no final answer either.
    """
    agreed = first is not None and first == ai
    if final is None and stands and first is not None and ai is not None:
        return Outcome.CONCORDANT if agreed else Outcome.STANDS
    if final is None:
        return Outcome.CONCORDANT if agreed else Outcome.UNSETTLED
    if final != first:
        return Outcome.AMENDED
    return Outcome.CONCORDANT if agreed else Outcome.UPHELD


def _why(
    first: FirstRead, ai: AiRead, card: Card, said: Answer | None, discordance: Discordance | None
) -> str:
    if ai.silence is not None:
        return f"no model has read this case: {'; '.join(ai.reasons) or ai.silence}."
    if ai.answer is None:
        return f"the model declines to read this case ({'; '.join(ai.reasons) or 'no reason given'})."
    if said is None:
        return f"the first report {_silence(first.codes, card)}; this does not count as agreement."
    if discordance is None:
        return f"both readers say {said}."
    return f"possibly {discordance} by the first reader, who says {said}; the model says {ai.answer}."


def _silence(codes: tuple[Coding, ...], card: Card) -> str:
    if not codes:
        return "carries no conclusion code"
    if carries(codes, card.present_codes):
        return "carries codes both for present and for absent"
    return "carries no code that stands for present or absent"
