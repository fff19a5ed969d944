"""A proposed policy on a frozen set of past cases, beside the one in force: who would have been asked.

The set holds answers and no patient: what the first reader said, what the model said, and what a specialist
said where one was asked. Only of those can it be told whether a catch is lost (second-reading 4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from server.errors import Category, fault
from server.model import Answer, Grounds, Pathway, Policy, Silence
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


_End = tuple[Past, Grounds | None, Grounds | None]
"""A case, and why a specialist would have been asked before and after; None: nobody."""


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


def replay(cases: Iterable[Past], before: Policy, after: Policy) -> Replayed:
    """The same cases under both.

    Raises:
        Fault: INCORRECT, when the two are about different questions.
    """
    if before.question != after.question:
        raise fault(Category.INCORRECT, "value", "the two policies are about different questions")
    ends = list(_ends(cases, before, after))
    return Replayed(
        cases=len(ends),
        asked_before=sum(was is not None for _, was, _ in ends),
        asked_after=sum(now is not None for _, _, now in ends),
        moved=Counter((_word(was), _word(now)) for _, was, now in ends if was is not now),
        lost=sum(was is not None and now is None and _changed(case) for case, was, now in ends),
        known=sum(case.final is not None for case, *_ in ends),
        ill=_right(ends, Answer.PRESENT),
        well=_right(ends, Answer.ABSENT),
    )


def _right(ends: Sequence[_End], truth: Answer) -> Right:
    """Who is asked gives the known answer; where nobody is, the first one stands."""
    of = [each for each in ends if each[0].final is truth]
    return Right(
        len(of),
        sum(was is not None or case.first is truth for case, was, _ in of),
        sum(now is not None or case.first is truth for case, _, now in of),
    )


def _ends(cases: Iterable[Past], before: Policy, after: Policy) -> Iterator[_End]:
    for each in cases:
        yield each, _end(each, before), _end(each, after)


def _end(case: Past, policy: Policy) -> Grounds | None:
    if pathway_of(policy, case.priority) is Pathway.NONE:
        return Grounds.DECLINED
    rule, _ = rule_of(policy, case.priority, case.probability)
    said = Said(case.silence) if case.silence else said_of(case.model, case.probability, policy.confident)
    return asking(rule, case.first, said)


def _changed(case: Past) -> bool:
    return case.final is not None and case.final is not case.first


def _word(grounds: Grounds | None) -> str:
    return f"specialist: {grounds}" if grounds else "ends"
