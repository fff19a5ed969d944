"""Why a message is refused for good: code, place and words, without anything of what it said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Code(IntEnum):
    """Of table 0357 (HL7 v2.8 section 2.17.5); 204 to 206 are kept for older receivers."""

    SEQUENCE = 100
    REQUIRED = 101
    DATA_TYPE = 102
    TABLE = 103
    TOO_LONG = 104
    MESSAGE_TYPE = 200
    EVENT = 201
    PROCESSING_ID = 202
    VERSION = 203
    UNKNOWN_KEY = 204
    DUPLICATE_KEY = 205
    APPLICATION = 207


@dataclass(frozen=True, slots=True)
class Place:
    """ERL (section 2.A.28): what is 0 is not said."""

    segment: str
    sequence: int = 1
    field: int = 0
    repetition: int = 0
    component: int = 0

    def __str__(self) -> str:
        """``PID-3`` or ``OBX[2]-5.1``, for people."""
        which = f"{self.segment}[{self.sequence}]" if self.sequence > 1 else self.segment
        field = f"-{self.field}" if self.field else ""
        return f"{which}{field}{f'.{self.component}' if self.component else ''}"


MSH = Place("MSH")


class Refusal(Exception):
    """The sender must change something; sent again unchanged it is refused again."""

    def __init__(
        self, code: Code, reason: str, text: str, place: Place = MSH, *, rejected: bool = False
    ) -> None:
        super().__init__(text)
        self.code = code
        self.reason = reason
        """One of ours, for programs (ERR-5)."""
        self.text = text
        """What is wrong and what would be accepted; never a value (ERR-8)."""
        self.place = place
        self.rejected = rejected
        """AR: the head or the link; otherwise AE: the content."""


def rejected(code: Code, reason: str, text: str, place: Place = MSH) -> Refusal:
    """AR."""
    return Refusal(code, reason, text, place, rejected=True)
