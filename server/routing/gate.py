"""The gatekeeper: which cases the model may leave without a human, and what is known of its omissions (S8.2).

It proves itself first. As long as too few cases below its threshold have been read by humans here to bound
what it would miss, humans read them all; their reads are the proof, and when they grow old it proves itself
anew. Whatever is in doubt goes to humans.
"""

from __future__ import annotations

import math
from typing import Final

from server.model import AiRead, Answer, GateRule, Passage, Passed

_NORMAL: Final = 1.959964
"""Two-sided 95 %."""
_WORST: Final = 3.0
"""Of n reads without a finding: below 3/n with 95 % (rule of three, S2.5)."""


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
    if doubled:
        return Passage.DOUBLED
    if passed.reread == 0 or omission_bound(passed) > rule.omitted_at_most:
        return Passage.UNPROVEN
    if passed.ruled_out + 1 > rule.at_most * (passed.cases + 1):
        return Passage.FULL
    return Passage.DRAWN if drawn else Passage.RULED_OUT


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


def reads_to_open(rule: GateRule) -> int:
    """How many human reads without a finding open it."""
    return math.ceil(_WORST / rule.omitted_at_most)
