"""The rules P0 to P4 of second reading: which pairs of answers go to a specialist (second-reading S2.2).

One table, every pair once. What a rule lets end ends on the first reader's signed report, never on the
model's answer, and the audit share is drawn of all that ends so: were it drawn of agreement alone, a referral
under P2 or P4 would tell more than it should (S2.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from server.model import AiRead, Answer, Band, Grounds


class Said(StrEnum):
    """What the model says, as finely as any rule tells it apart."""

    SURELY_PRESENT = "present, sure"
    PRESENT = "present"
    ABSENT = "absent"
    SURELY_ABSENT = "absent, sure"
    DECLINED = "declined"
    LATE = "no answer in time"
    NOT_ASKED = "not asked"


Cell = tuple[Answer | None, Said]
"""What the first reader says (None: nothing usable), what the model says."""

NAMES: Mapping[str, str] = {
    "P0": "full double reading: a specialist reads every case",
    "P1": "symmetric: any difference goes to a specialist",
    "P2": "safety net: only what the first reader may have missed goes to a specialist",
    "P3": "any positive goes to a specialist, whoever says so",
    "P4": "by the model's confidence: what it is not sure of, or contradicts, goes to a specialist",
}

_P, _A = Answer.PRESENT, Answer.ABSENT
_MISSED, _OVER, _CONFIRM = Grounds.MISSED, Grounds.OVER_CALLED, Grounds.CONFIRMATION
_SILENT, _CODES = Grounds.DECLINED, Grounds.NOT_COMPARABLE
_ENDS = None
"""On the first reader's report; but for the audit share nobody else is asked."""

TABLE: Mapping[Cell, tuple[Grounds | None, ...]] = {
    # first reader, model         P0        P1       P2       P3        P4
    (_P, Said.SURELY_PRESENT): (_CONFIRM, _ENDS, _ENDS, _CONFIRM, _ENDS),
    (_P, Said.PRESENT): (_CONFIRM, _ENDS, _ENDS, _CONFIRM, _CONFIRM),
    # P2 is a net under what was missed. A positive report is acted upon at once, whatever the model says.
    (_P, Said.ABSENT): (_OVER, _OVER, _ENDS, _OVER, _OVER),
    # P4 automates the model's sure ends, but a model that contradicts a human settles nothing, however sure.
    (_P, Said.SURELY_ABSENT): (_OVER, _OVER, _ENDS, _OVER, _OVER),
    (_A, Said.SURELY_PRESENT): (_MISSED, _MISSED, _MISSED, _MISSED, _MISSED),
    (_A, Said.PRESENT): (_MISSED, _MISSED, _MISSED, _MISSED, _MISSED),
    (_A, Said.ABSENT): (_CONFIRM, _ENDS, _ENDS, _ENDS, _CONFIRM),
    (_A, Said.SURELY_ABSENT): (_CONFIRM, _ENDS, _ENDS, _ENDS, _ENDS),
    # A first report that says nothing in codes we know agrees with nobody.
    (None, Said.SURELY_PRESENT): (_CODES,) * 5,
    (None, Said.PRESENT): (_CODES,) * 5,
    (None, Said.ABSENT): (_CODES,) * 5,
    (None, Said.SURELY_ABSENT): (_CODES,) * 5,
    # Nor does a model that gives no answer: two humans read, under every rule (S2.1).
    **{
        (first, said): (_SILENT,) * 5
        for first in (_P, _A, None)
        for said in (Said.DECLINED, Said.LATE, Said.NOT_ASKED)
    },
}
"""What each rule makes of each pair of answers; in the order of ``NAMES``."""

RULES: Mapping[str, Mapping[Cell, Grounds | None]] = {
    rule: {cell: row[column] for cell, row in TABLE.items()} for column, rule in enumerate(NAMES)
}
"""The rules a policy may name."""


def said_by(read: AiRead, confident: Band | None) -> Said:
    """What the model says; sure only where the policy tells from where on."""
    return Said(read.silence) if read.silence else said_of(read.answer, read.probability, confident)


def said_of(answer: Answer | None, probability: float | None, confident: Band | None) -> Said:
    """The same, of an answer with its probability."""
    if answer is None:
        return Said.DECLINED
    sure = _sure(probability, confident)
    if answer is _P:
        return Said.SURELY_PRESENT if sure is _P else Said.PRESENT
    return Said.SURELY_ABSENT if sure is _A else Said.ABSENT


def asking(rule: str, first: Answer | None, said: Said) -> Grounds | None:
    """Why a specialist is asked; None: the case ends on the first reader's report."""
    return RULES[rule][first, said]


def asked_under(rule: str) -> frozenset[Grounds]:
    """Every reason for which a specialist may be asked under a rule."""
    return frozenset({each for each in RULES[rule].values() if each is not None} | {Grounds.AUDIT})


def _sure(probability: float | None, confident: Band | None) -> Answer | None:
    if probability is None or confident is None:
        return None
    if probability >= confident.present_at_least:
        return _P
    return _A if probability <= confident.absent_at_most else None
