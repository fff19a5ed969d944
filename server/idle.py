"""What a loop does while nothing is due: it looks again when somebody has written, or a moment has passed.

To ask the database whether anything is due costs a query; to ask whether anything has been written costs next
to nothing, where the database can tell. What becomes due by time alone waits for the moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

_LONGEST = 0.25
"""Seconds after which it looks in any case: retries and deadlines are due by the clock."""


class Idle:
    """Of one loop; called when it found nothing to do."""

    def __init__(
        self,
        pause: float,
        written: Callable[[], int | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``written``: a number that differs once somebody has written; None where that cannot be told."""
        self._pause = pause
        self._written = written
        self._clock = clock
        self._seen: int | None = None
        """As it was before the last look: whatever was written since is news."""

    def __call__(self, stop: Event) -> None:
        until = self._clock() + _LONGEST
        while not stop.wait(self._pause):
            now = self._written()
            if now is None or now != self._seen or self._clock() >= until:
                self._seen = now
                return
