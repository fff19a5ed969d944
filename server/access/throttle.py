"""Whoever is refused too often in a minute is told to wait. Of one process.

A right assertion is always answered, even then: else whoever sends wrong ones from behind the same proxy
could keep a hospital out.
"""

from __future__ import annotations

from datetime import datetime

_MOST_SOURCES = 10_000


class Throttle:
    """Counts refusals by source; threads may share it, a count lost between two of them does no harm."""

    def __init__(self, most: int = 100) -> None:
        self._most = most
        self._minute = 0
        self._refusals: dict[str, int] = {}

    def refused(self, source: str, now: datetime) -> bool:
        """Count one; whether it was one too many."""
        minute = int(now.timestamp()) // 60
        if minute != self._minute or len(self._refusals) >= _MOST_SOURCES:
            self._minute, self._refusals = minute, {}
        count = self._refusals[source] = self._refusals.get(source, 0) + 1
        return count > self._most
