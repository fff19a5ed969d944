"""What a listener has done, in numbers; nothing in them is of a patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping


class Tally:
    """Counts by what happened and how it ended."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._told: Counter[str] = Counter()

    def count(self, what: str, how: str = "", number: int = 1) -> None:
        self._counts[f"{what} {how}".strip().lower()] += number

    def fresh(self) -> Mapping[str, int]:
        """All counts, if any has changed since the last call; else nothing."""
        if self._counts == self._told:
            return {}
        self._told = self._counts.copy()
        return dict(self._told)
