"""What is kept of policies: files by their digest, who proposed and approved them, from when each counts.

And of the switch: who let everything be read by two humans, and who went back.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from server.model import Device, Policy
from server.ports import CaseRow

EVERYTHING = ""
"""The scope of a switch that is for all questions."""


_DEVICE = "device "


def scope_of(device: Device) -> str:
    """The scope of a switch that is for a kind of device, whatever is asked about its images."""
    parts = (" ".join(each.casefold().split()) for each in (device.maker, device.model, device.software))
    return _DEVICE + json.dumps(list(parts), ensure_ascii=False)


def device_in(scope: str) -> Device | None:
    """The kind of device that a switch is for; None: it is for questions."""
    if not scope.startswith(_DEVICE):
        return None
    return Device(*json.loads(scope.removeprefix(_DEVICE)))


@dataclass(frozen=True, slots=True)
class Kept:
    """A policy file, byte for byte."""

    digest: str
    question: str
    version: str
    text: str

    @property
    def identity(self) -> str:
        return f"{self.question}@{self.version}"


@dataclass(frozen=True, slots=True)
class Said:
    """That a person said yes or no to a proposal."""

    approved: bool
    by: str
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """That a person wants a file in place of the one in force, and what its replay told."""

    number: int
    kept: Kept
    was: str
    """Digest of the policy that it is to replace."""
    by: str
    at: datetime
    reason: str
    figures: Mapping[str, Any]
    said: Said | None = None


class Fate(StrEnum):
    """What became of a policy that counts from a date on."""

    BEGUN = "begun"
    """Cases have been opened under it, or it counted at once: no clock takes that back."""
    CALLED_OFF = "called off"


@dataclass(frozen=True, slots=True)
class Counting:
    """One policy of a question's row of policies, each of which replaces the one before."""

    number: int
    kept: Kept
    from_at: datetime
    proposal: int | None
    """None: the first of its question."""
    fate: Fate | None = None
    fate_by: str | None = None
    fate_at: datetime | None = None

    def counts(self, at: datetime) -> bool:
        """Whether it has begun; that a later one has, too, is another matter."""
        return self.fate is Fate.BEGUN or (self.fate is None and self.from_at <= at)


def thrown(words: Iterable[Switch]) -> Mapping[str, Switch]:
    """By scope, the word by which the switch was thrown where it still is; from all words, oldest first."""
    found: dict[str, Switch] = {}
    for each in words:
        if each.act is Act.SAFE:
            found[each.scope] = each
        elif each.act is Act.NORMAL:
            found.pop(each.scope, None)
    return found


def newest_of(row: Iterable[Counting]) -> Counting | None:
    """Of a question's policies, newest first, the one that the next has to replace."""
    return next((each for each in row if each.fate is not Fate.CALLED_OFF), None)


class Act(StrEnum):
    """What is said of the switch."""

    SAFE = "safe"
    ASKED = "asked to go back"
    NORMAL = "back to normal"


@dataclass(frozen=True, slots=True)
class Switch:
    """The last word on a scope: all questions, one, or a kind of device."""

    scope: str
    act: Act
    by: str
    at: datetime
    reason: str
    figures: Mapping[str, Any] | None = None
    """Of the stop rule that threw it; None: a person did."""
    results: int = 0
    """Results up to this one are not counted by a stop rule any more; of NORMAL."""

    @property
    def on(self) -> bool:
        return self.act is not Act.NORMAL


class Policies(Protocol):
    """Under which policy a case goes on."""

    def of(self, case: CaseRow) -> Policy:
        """The one under which it was opened."""
        ...

    def doubled(self, question: str, devices: Collection[Device] = ()) -> bool:
        """Whether everything of a question, or of one of these devices, is read by two humans now."""
        ...
