"""How a claim ends: passed, failed, or not run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


PASSED = Verdict(Outcome.PASSED)


def failed(expected: str, came: str) -> Verdict:
    return Verdict(Outcome.FAILED, expected=expected, came=came)


def not_run(why: str) -> Verdict:
    return Verdict(Outcome.NOT_RUN, why=why)
