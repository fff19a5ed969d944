"""The specialist's second stage: when both opinions are shown unnamed, and what a final answer must carry.

Second-reading S2.4, S6.4. Whatever is asked of a final answer depends on what is shown alone: a demand that
one of the two opinions makes, and the other does not, would tell which of them is the model's.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from server.model import Answer, Card, Coding, Reveal, Silence, SpecialistRead


class FinalEnd(StrEnum):
    """How a second stage ended; but for the first of these the blind answer counts."""

    GIVEN = "given"
    OVERDUE = "overdue"
    DECLINED = "declined"
    CALLED_OFF = "called-off"
    """What was shown no longer holds: a report was corrected, a model's read must not be used."""


class Decider(StrEnum):
    """Whose answer a case ends with."""

    FIRST_READER = "first-reader"
    SPECIALIST = "specialist"
    BLIND_ANSWER = "blind-answer"
    """The specialist's first one, because the final one was not given."""
    PHYSICIAN_IN_CHARGE = "physician-in-charge"
    """Who keeps their own view against the specialist's."""
    GATEKEEPER_POLICY = "gatekeeper-policy"
    """No human has read: the policy rules the case out, and the medical director answers for the policy."""


class Overruling(StrEnum):
    """Why a finding that was said to be there is said not to be, of a question that is read from images."""

    ARTEFACT = "artefact"
    NORMAL_VARIANT = "normal-variant"
    KNOWN_BEFORE = "known-before"
    OTHER_EXPLANATION = "other-explanation"
    NOTHING_SEEN = "nothing-seen"
    NOT_ASSESSABLE = "not-assessable"


@dataclass(frozen=True, slots=True)
class Shown:
    """What one specialist was shown after their blind answer, and until when the final one is awaited."""

    offer: int
    task: str
    """Id of the Task."""
    own: Answer
    x: Answer | None
    y: Answer | None
    swapped: bool
    """By lot: X is the model's."""
    localised: bool
    """The question is read from images: whoever overrules a finding says by a code why."""
    at: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class FinalRead:
    """What a second stage came to."""

    offer: int
    end: FinalEnd
    at: datetime
    read: SpecialistRead | None = None
    """The report version that carries the final answer."""
    reason: str = ""
    overruling: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """The physician in charge keeps their own view (S2.7)."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Dissent:
    """One such case, as it is listed for quality assurance."""

    case: str
    question: str
    task: str
    kept: Kept


@dataclass(frozen=True, slots=True)
class Given:
    """A final answer as it comes in."""

    answer: Answer
    reason: str
    overruling: str


def answer_of(codes: tuple[Coding, ...], card: Card) -> Answer | None:
    """What a report's conclusion codes say of the card's finding; None when they do not say.

    Codes count exactly as the card lists them: a listed ICD-10 ``G00`` does not cover ``G00.1``,
    because the first reader chose that code and we do not guess what it should include. A report
    with codes from both lists contradicts itself and gives no answer.
    """
    present, absent = carries(codes, card.present_codes), carries(codes, card.absent_codes)
    if present == absent:
        return None
    return Answer.PRESENT if present else Answer.ABSENT


def carries(codes: tuple[Coding, ...], listed: tuple[Coding, ...]) -> bool:
    return any(code.same_as(other) for code in codes for other in listed)


def has_second_stage(reveal: Reveal, own: Answer | None, silence: Silence | None) -> bool:
    """Whether a specialist who has answered blind is shown what the two others say.

    Never because of what these are. A stage for differences alone would last while the specialist's own Task
    is over: whoever sees both would know that the model and the first reader differ (S2.5). That no model was
    asked is no secret, and then there are no two opinions.
    """
    return own is not None and reveal is Reveal.ALWAYS and silence is not Silence.NOT_ASKED


def majority(answers: Sequence[Answer | None]) -> Answer | None:
    """What more than half of those who answered say; None when nothing is."""
    given = [each for each in answers if each is not None]
    return next((each for each in Answer if 2 * given.count(each) > len(given)), None)


def lacking(
    given: Given, own: Answer, opinions: Sequence[Answer | None], *, localised: bool
) -> Iterator[str]:
    """``final-reason`` and ``overruling-reason``, where they are due and not there."""
    most = majority([own, *opinions])
    if most is not None and given.answer is not most and not given.reason:
        yield "final-reason"
    overruled = localised and given.answer is Answer.ABSENT and Answer.PRESENT in opinions
    if overruled and given.overruling not in set(Overruling):
        yield "overruling-reason"


def final_address(key: bytes, task: str) -> str:
    """The id of the Task that asks a specialist for their final answer, by that of their blind one.

    Nobody can compute it without the key: where callers are not told apart, whoever knows it holds the Task.
    """
    return str(UUID(bytes=hmac.digest(key, b"final-read\0" + task.encode(), hashlib.sha256)[:16], version=4))
