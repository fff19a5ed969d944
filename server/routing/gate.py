"""What a gatekeeper would have to keep to before a case that it rules out stays without a human (S8.2).

The steps rule nothing out yet: a policy file that names the pathway is refused (``pathways.OFFERED``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

_NORMAL: Final = 1.959964
"""Two-sided 95 %."""
_WORST: Final = 3.0
"""Of n reads without a finding: below 3/n with 95 % (rule of three, S2.5)."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A gatekeeper's own threshold, and its limits."""

    tau_low: float
    """A probability below it is ruled out; never the threshold by which the model says absent."""
    at_most: float
    """Cap on the share ruled out: a model that drifts must not close the door on everybody."""
    reread: float
    """Share of those ruled out that a human reads all the same, drawn like an audit."""
    omitted_at_most: float
    """What the net false-omission rate may be at the most, by its upper bound."""


@dataclass(frozen=True, slots=True)
class Passed:
    """What a gate has done so far in one period."""

    cases: int
    ruled_out: int
    reread: int
    """Of those ruled out, read by a human."""
    found: int
    """Of those, with a finding that a first reader would have reported."""


def ruled_out(probability: float | None, gate: Gate, passed: Passed) -> bool:
    """Whether a case may stay without a human; whatever is in doubt goes to one."""
    if probability is None or not probability < gate.tau_low:
        return False
    if passed.ruled_out + 1 > gate.at_most * (passed.cases + 1):
        return False
    return passed.reread == 0 or omission_bound(passed) <= gate.omitted_at_most


def omission_bound(passed: Passed) -> float:
    """The upper 95 % bound of the net false-omission rate: Wilson's, and 3/n where nothing was found.

    Raises:
        ValueError: nothing was read again, so nothing is known.
    """
    n = passed.reread
    if n < 1:
        raise ValueError("no case that was ruled out has been read by a human")
    if passed.found == 0:
        return min(1.0, _WORST / n)
    rate, z2 = passed.found / n, _NORMAL * _NORMAL
    spread = _NORMAL * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return (rate + z2 / (2 * n) + spread) / (1 + z2 / n)
