"""What can be made to go wrong at a peer, on request and counted."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from conformance.peers.wire import Refused


class Kind(StrEnum):
    """The faults, by what the other side sees."""

    DOWN = "down"
    """The listening socket is closed for ``seconds``: connection refused."""
    ERROR_BEFORE = "error-before-commit"
    """500, and nothing was written."""
    ERROR_AFTER = "error-after-commit"
    """500, although everything was written."""
    SILENCE_AFTER = "silence-after-commit"
    """Everything is written; no answer for ``seconds``, then the connection is closed."""
    PRECONDITION = "precondition-failed"
    """412, and nothing was written."""
    BUSY = "too-many-requests"
    """429 with Retry-After of ``seconds``."""
    HTML = "html"
    """200 with an HTML page, as a proxy's login page would be; nothing was written."""
    SLOW = "slow"
    """The right answer, ``seconds`` late."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault that the next ``count`` requests of these methods will meet."""

    kind: Kind
    count: int = 1
    seconds: float = 1.0
    methods: tuple[str, ...] = ("POST", "PUT")

    def describe(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "count": self.count,
            "seconds": self.seconds,
            "methods": list(self.methods),
        }


def read_fault(value: Mapping[str, Any]) -> Fault:
    """A fault from its JSON form ``{"kind", "count", "seconds", "methods"}``.

    Raises:
        Refused: 400, naming what is allowed.
    """
    kinds = ", ".join(Kind)
    if value.get("kind") not in set(Kind):
        raise Refused(400, "value", f"kind must be one of: {kinds}")
    count, seconds = value.get("count", 1), value.get("seconds", 1.0)
    if not isinstance(count, int) or not 0 < count <= 1_000_000:
        raise Refused(400, "value", "count must be a whole number from 1 to 1000000")
    try:
        span = float(seconds)
    except (TypeError, ValueError) as error:
        raise Refused(400, "value", "seconds must be a number") from error
    if not 0 <= span <= 3600:
        raise Refused(400, "value", "seconds must be from 0 to 3600")
    return Fault(Kind(value["kind"]), count, span, _methods(value.get("methods", ["POST", "PUT"])))


def _methods(value: Any) -> tuple[str, ...]:
    allowed = {"GET", "POST", "PUT"}
    if not isinstance(value, list) or not value or not set(value) <= allowed:
        raise Refused(400, "value", "methods must be a list of GET, POST, PUT")
    return tuple(value)


class FaultPlan:
    """Which faults are still to come, oldest first. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.describe() for fault in self._waiting]

    def take(self, method: str) -> Fault | None:
        """The fault that this request meets, counted down; None when it meets none."""
        with self._lock:
            number = _first(self._waiting, method)
            if number is None:
                return None
            fault = self._waiting[number]
            left = replace(fault, count=fault.count - 1)
            self._waiting[number : number + 1] = [left] if left.count else []
            return fault


def _first(faults: Iterable[Fault], method: str) -> int | None:
    return next((number for number, fault in enumerate(faults) if method in fault.methods), None)
