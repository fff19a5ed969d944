"""What can be made to go wrong at a system that speaks HL7 v2, on request and counted."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum


class Trouble(StrEnum):
    """The faults, by what the other side sees."""

    REFUSE = "refuse"
    """The message is answered with ``code`` (and ERR-3 ``error``), and nothing is kept."""
    REFUSE_AFTER = "refuse-after-keeping"
    """The same, although the message is kept."""
    SILENCE = "silence"
    """Nothing is kept and no answer comes, until the other side gives up."""
    SILENCE_AFTER = "silence-after-keeping"
    """The same, although the message is kept."""
    CLOSE = "close"
    """The connection is closed instead of an answer; nothing is kept."""
    CLOSE_AFTER = "close-after-keeping"
    GARBAGE = "garbage"
    """Before the right answer comes something that is none, and an answer to another message."""
    ONLY_GARBAGE = "only-garbage"
    """The same, and no right answer; nothing is kept."""
    SLOWLY = "slowly"
    """The right answer, byte by byte."""
    THEN_CLOSE = "then-close"
    """The right answer, and the connection is closed behind it."""


@dataclass(frozen=True, slots=True)
class RisFault:
    """One fault that the next ``count`` messages will meet."""

    kind: Trouble
    count: int = 1
    code: str = "AE"
    error: str = "101"
    words: str = "required field missing"


def read_ris_fault(text: str) -> RisFault:
    """``kind``, ``kind:count``, ``kind:count:code`` or ``kind:count:code:error``.

    Raises:
        ValueError: naming what is allowed.
    """
    kind, *rest = text.split(":")
    if kind not in set(Trouble) or len(rest) > 3:
        raise ValueError(f"allowed: kind[:count[:code[:error]]], with a kind of {', '.join(Trouble)}")
    fault = RisFault(Trouble(kind), int(rest[0]) if rest else 1)
    if len(rest) > 1:
        fault = replace(fault, code=rest[1])
    return replace(fault, error=rest[2]) if len(rest) > 2 else fault


class RisFaults:
    """Which faults are still to come, oldest first. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[RisFault] = deque()

    def add(self, fault: RisFault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def take(self) -> RisFault | None:
        """The fault that is met now, counted down; None when none is."""
        with self._lock:
            if not self._waiting:
                return None
            fault = self._waiting.popleft()
            if fault.count > 1:
                self._waiting.appendleft(replace(fault, count=fault.count - 1))
            return fault
