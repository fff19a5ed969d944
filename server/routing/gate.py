"""The gatekeeper: which cases the model may leave without a human, and what is known of its omissions (S8.2).

It proves itself first. As long as too few cases below its threshold have been read by humans here to bound
what it would miss, humans read them all; their reads are the proof, and when they grow old it proves itself
anew. Whatever is in doubt goes to humans.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from server.model import AiRead, Answer, GateRule, Passage, Passed

_NORMAL: Final = 1.959964
"""Two-sided 95 %."""
_WORST: Final = 3.0
"""Of n reads without a finding: below 3/n with 95 % (rule of three, S2.5)."""
_NOTHING: Final = Passed()


def below(read: AiRead, rule: GateRule) -> bool:
    """Whether the model would rule the case out."""
    sure = read.probability is not None and read.probability < rule.rule_out_below
    return sure and read.answer is Answer.ABSENT


def passage(read: AiRead, rule: GateRule, passed: Passed, *, drawn: bool, doubled: bool) -> Passage:
    """What becomes of a case that the model has read and no human has.

    ``drawn``: by lot, a human reads it whatever the model says. ``doubled``: the switch is thrown.
    """
    if read.answer is None:
        return Passage.SILENT
    if not below(read, rule):
        return Passage.NOT_BELOW
    why = closed(rule, passed, doubled=doubled)
    if why is not None:
        return why
    return Passage.DRAWN if drawn else Passage.RULED_OUT


def closed(rule: GateRule, passed: Passed, *, doubled: bool) -> Passage | None:
    """Why humans read the next case whatever the model says; None: it is open."""
    if doubled:
        return Passage.DOUBLED
    if not proven(rule, passed):
        return Passage.UNPROVEN
    if passed.ruled_out + 1 > rule.at_most * (passed.cases + 1):
        return Passage.FULL
    return None


def proven(rule: GateRule, passed: Passed) -> bool:
    """Whether humans have read enough of what lies below to bound what would be missed."""
    return passed.reread > 0 and omission_bound(passed) <= rule.omitted_at_most


def omission_bound(passed: Passed) -> float:
    """The upper 95 % bound of the net false-omission rate: Wilson's, and 3/n where nothing was found.

    Raises:
        ValueError: nothing was read again, so nothing is known.
    """
    n = passed.reread
    if n < 1:
        raise ValueError("no case below the threshold has been read by a human")
    if passed.found == 0:
        return min(1.0, _WORST / n)
    rate, z2 = passed.found / n, _NORMAL * _NORMAL
    spread = _NORMAL * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return (rate + z2 / (2 * n) + spread) / (1 + z2 / n)


def reads_to_open(rule: GateRule, passed: Passed = _NOTHING) -> int:
    """How many more human reads without a finding prove it; 0 where it is proven.

    The bound only falls with them, so the smallest number is found by halving.
    """
    if proven(rule, passed):
        return 0
    too_few, enough = 0, 1
    while not proven(rule, _with(passed, enough)):
        too_few, enough = enough, 2 * enough
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if proven(rule, _with(passed, middle)):
            enough = middle
        else:
            too_few = middle
    return enough


def _with(passed: Passed, more: int) -> Passed:
    return replace(passed, reread=passed.reread + more)
