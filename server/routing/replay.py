"""A proposed policy on a frozen set of past cases, beside the one in force: who would have been asked.

The set holds answers and no patient: what the first reader said, what the model said, and what a specialist
said where one was asked. Only of those can it be told whether a catch is lost (second-reading 4).

Of a gatekeeper it cannot be known here when it would have been open, nor whom its lot would have drawn: all
cases below its threshold are ruled out, which is the worst case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec

from server.errors import Category, fault
from server.model import Answer, Band, Grounds, Pathway, Policy, Silence
from server.routing.pathways import pathway_of, rule_of
from server.routing.rules import Said, asking, said_of

MOST = 1_000_000
"""Cases in one set."""


class Past(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One case of the set; the keys of one line of its file."""

    first: Answer | None
    model: Answer | None
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    silence: Silence | None = None
    priority: Annotated[str, msgspec.Meta(pattern="^(routine|urgent|asap|stat)?$")] = ""
    final: Answer | None = None
    """The specialist's, where one was asked."""


@dataclass(frozen=True, slots=True)
class Right:
    """Cases with a known answer, and how many would have ended with it.

    A specialist is asked about differences and audits: their shares are relative, and no sensitivity or
    specificity of all cases (second-reading 5.1).
    """

    cases: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Unread:
    """Cases that a gatekeeper would have left without a human."""

    cases: int
    present: int
    """Of those, ended as present, by the specialist where one has answered and by the first reader else."""
    unknown: int
    """Besides: the model says absent, and its probability is not known. They count as read by humans."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a change of policy would have come to."""

    cases: int
    asked_before: int
    asked_after: int
    moved: Mapping[tuple[str, str], int]
    """(end before, end after) -> cases, of those whose end changes."""
    lost: int
    """Cases in which a specialist has changed the first answer, and would not be asked any more."""
    known: int
    """Cases of which a specialist's answer is known; about the others ``lost`` says nothing."""
    ill: Right = Right(0, 0, 0)
    """Of the known: those whom the specialist calls ill."""
    well: Right = Right(0, 0, 0)
    unread_before: Unread | None = None
    """None: the policy has no gatekeeper."""
    unread_after: Unread | None = None
    shown_before: int = 0
    """Cases whose first reader is shown the model's answer under the policy, whoever was then."""
    shown_after: int = 0
    devices: bool = False
    """One of the two has other thresholds for some devices, which are not replayed."""


class Alone(StrEnum):
    """Ends in which no specialist is asked."""

    ENDS = "ends"
    RULED_OUT = "ruled out, no human"


End = Grounds | Alone
_Ends = tuple[Past, End, End]
"""A case, and how it would have ended before and after."""


def read_set(content: bytes, name: str) -> list[Past]:
    """A set, one JSON object a line.

    Raises:
        Fault: INCORRECT, naming the line and the keys that there are; never what stands there.
    """
    keys = ", ".join(Past.__struct_fields__)
    found: list[Past] = []
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(msgspec.json.decode(line, type=Past))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            said = (
                f"one JSON object in UTF-8 with the keys {keys}; answers are present, absent or null, a "
                "probability from 0 to 1, a priority routine, urgent, asap or stat"
            )
            text = f"{name}, line {number}, is no case: {said}"
            raise fault(Category.INCORRECT, "value", text) from error
    if not 0 < len(found) <= MOST:
        raise fault(Category.INCORRECT, "value", f"{name} must hold from 1 to {MOST} cases, one a line")
    return found


def replay(cases: Iterable[Past], before: Policy, after: Policy, card: Band | None = None) -> Replayed:
    """The same cases under both.

    ``card``: the thresholds of the model's card, by which it answers under a policy without its own; None:
    the answers of the set count there. Which device made an image the set does not say: its thresholds are
    left out.

    Raises:
        Fault: INCORRECT, when the two are about different questions.
    """
    if before.question != after.question:
        raise fault(Category.INCORRECT, "value", "the two policies are about different questions")
    past = list(cases)
    was_read, is_read = ([_read(each, policy, card) for each in past] for policy in (before, after))
    both = zip(past, was_read, is_read, strict=True)
    ends = [(each, _end(was, before), _end(now, after)) for each, was, now in both]
    return Replayed(
        cases=len(ends),
        asked_before=sum(_asked(was) for _, was, _ in ends),
        asked_after=sum(_asked(now) for _, _, now in ends),
        moved=Counter((_word(was), _word(now)) for _, was, now in ends if was is not now),
        lost=sum(_asked(was) and not _asked(now) and _changed(case) for case, was, now in ends),
        known=sum(case.final is not None for case, *_ in ends),
        ill=_right(ends, Answer.PRESENT),
        well=_right(ends, Answer.ABSENT),
        unread_before=_unread(was_read, before),
        unread_after=_unread(is_read, after),
        shown_before=_shown(past, before),
        shown_after=_shown(past, after),
        devices=any(each.thresholds is not None and each.thresholds.devices for each in (before, after)),
    )


def _read(case: Past, policy: Policy, card: Band | None) -> Past:
    """What the model says of the case by the thresholds of a policy; a silent one stays so."""
    band = (policy.thresholds.band if policy.thresholds else None) or card
    if band is None or case.probability is None or case.silence is not None:
        return case
    return msgspec.structs.replace(case, model=band.says(case.probability))


def _right(ends: Sequence[_Ends], truth: Answer) -> Right:
    """Who is asked gives the known answer; where nobody is, the first one stands, or the gatekeeper's."""
    of = [each for each in ends if each[0].final is truth]
    return Right(
        len(of),
        sum(_says(case, was, truth) is truth for case, was, _ in of),
        sum(_says(case, now, truth) is truth for case, _, now in of),
    )


def _says(case: Past, end: End, truth: Answer) -> Answer | None:
    if end is Alone.RULED_OUT:
        return Answer.ABSENT
    return truth if _asked(end) else case.first


def _unread(past: Sequence[Past], policy: Policy) -> Unread | None:
    if policy.gate is None:
        return None
    kept = [each for each in past if pathway_of(policy, each.priority) is Pathway.GATEKEEPER]
    out = [each for each in kept if _end(each, policy) is Alone.RULED_OUT]
    return Unread(
        len(out),
        sum((each.final or each.first) is Answer.PRESENT for each in out),
        sum(each.model is Answer.ABSENT and each.probability is None for each in kept),
    )


def _shown(past: Sequence[Past], policy: Policy) -> int:
    return sum(pathway_of(policy, each.priority) is Pathway.CONCURRENT for each in past)


def _end(case: Past, policy: Policy) -> End:
    pathway = pathway_of(policy, case.priority)
    if pathway is Pathway.NONE:
        return Grounds.DECLINED
    if pathway is Pathway.GATEKEEPER and _below(case, policy):
        return Alone.RULED_OUT
    rule, _ = rule_of(policy, case.priority, case.probability)
    said = Said(case.silence) if case.silence else said_of(case.model, case.probability, policy.confident)
    return asking(rule, case.first, said) or Alone.ENDS


def _below(case: Past, policy: Policy) -> bool:
    rule, absent = policy.gate, case.model is Answer.ABSENT and case.silence is None
    return (
        absent
        and rule is not None
        and case.probability is not None
        and (case.probability < rule.rule_out_below)
    )


def _asked(end: End) -> bool:
    return isinstance(end, Grounds)


def _changed(case: Past) -> bool:
    return case.final is not None and case.final is not case.first


def _word(end: End) -> str:
    return f"specialist: {end}" if isinstance(end, Grounds) else str(end)
