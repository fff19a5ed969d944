"""What can be made to go wrong at an archive, on request and counted."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum


class Trouble(StrEnum):
    """The faults, by what the other side sees."""

    REJECT = "reject"
    """A-ASSOCIATE-RJ: ``status`` 1 for good, 2 for now."""
    REFUSE = "refuse"
    """C-STORE is answered with ``status``, and nothing is kept."""
    REFUSE_AFTER = "refuse-after-store"
    """C-STORE is answered with ``status``, although the object is kept."""
    ABORT = "abort-mid-object"
    """The connection breaks while the object comes."""
    SILENCE = "silence-before-store"
    """No answer for ``seconds``, then the connection breaks; nothing is kept."""
    SILENCE_AFTER = "silence-after-store"
    """The same, although the object is kept."""
    NOT_ASKED = "commitment-refused"
    """N-ACTION is answered with ``status``."""
    NOT_KEPT = "not-committed"
    """The report says that the object is not kept, with Failure Reason ``status``."""
    NO_REPORT = "no-report"
    """The request is taken, and no report ever comes."""


@dataclass(frozen=True, slots=True)
class ArchiveFault:
    """One fault that the next ``count`` occasions will meet."""

    kind: Trouble
    count: int = 1
    status: int = 0xA700
    seconds: float = 60.0


def read_archive_fault(text: str) -> ArchiveFault:
    """``kind``, ``kind:count``, ``kind:count:status`` with the status in hexadecimal.

    Raises:
        ValueError: naming what is allowed.
    """
    kind, *rest = text.split(":")
    if kind not in set(Trouble) or len(rest) > 2:
        raise ValueError(f"allowed: kind[:count[:status]], with a kind of {', '.join(Trouble)}")
    count = int(rest[0]) if rest else 1
    return ArchiveFault(Trouble(kind), count, int(rest[1], 16) if len(rest) > 1 else 0xA700)


class ArchiveFaults:
    """Which faults are still to come, oldest first of each kind. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[ArchiveFault] = deque()

    def add(self, fault: ArchiveFault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def take(self, *kinds: Trouble) -> ArchiveFault | None:
        """The fault of one of these kinds that is met now, counted down; None when none is."""
        with self._lock:
            for number, fault in enumerate(self._waiting):
                if fault.kind in kinds:
                    del self._waiting[number]
                    if fault.count > 1:
                        self._waiting.insert(number, replace(fault, count=fault.count - 1))
                    return fault
        return None
