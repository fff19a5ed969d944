"""What a listener has done, in numbers; nothing in them is of a patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from server.counting import Part


class Tally:
    """Counts by what happened and how it ended: for the log, and in ``part`` for the metrics."""

    def __init__(self, part: Part | None = None) -> None:
        self._part = part
        self._counts: Counter[str] = Counter()
        self._told: Counter[str] = Counter()

    def count(self, what: str, how: str = "", number: int = 1) -> None:
        name = f"{what} {how}".strip().lower()
        self._counts[name] += number
        if self._part is not None:
            self._part.add(name, number)

    def took(self, seconds: float) -> None:
        """From the last byte of what came to its being durable."""
        if self._part is not None:
            self._part.took(seconds)

    def fresh(self) -> Mapping[str, int]:
        """All counts, if any has changed since the last call; else nothing."""
        if self._counts == self._told:
            return {}
        self._told = self._counts.copy()
        return dict(self._told)
