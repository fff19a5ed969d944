"""How a claim ends: passed, failed, or not run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from conformance.peers.blindness import NotBlind
from conformance.peers.client import NotDone


class Outcome(StrEnum):
    """The three ends of an attempt."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one claim."""

    outcome: Outcome
    expected: str = ""
    came: str = ""
    """Both only when it failed."""
    why: str = ""
    """Why it was not run; of a passed claim, what the attempt could not see."""


class Unmet(Exception):
    """The claim does not hold."""

    def __init__(self, expected: str, came: str) -> None:
        super().__init__(f"expected {expected}; came {came}")
        self.expected = expected
        self.came = came


class Skipped(Exception):
    """The claim cannot be tried here; the text says why."""


class NoAnswer(Exception):
    """The server could not be reached, or gave up in the middle of an answer."""


PREMISES = (Unmet, Skipped, NoAnswer, NotDone, NotBlind)
"""How what leads up to an attempt may end."""
MISSHAPEN = (LookupError, TypeError, ValueError, AttributeError)
"""What an attempt trips over when an answer is not built as R4 says: a foreign server may answer anything."""

PASSED = Verdict(Outcome.PASSED)


def failed(expected: str, came: str) -> Verdict:
    return Verdict(Outcome.FAILED, expected=expected, came=came)


def not_run(why: str) -> Verdict:
    return Verdict(Outcome.NOT_RUN, why=why)
