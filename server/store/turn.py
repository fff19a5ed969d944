"""Writers take turns, threads and processes alike.

SQLite lets one write at a time; the others look again after pauses of up to 100 ms, in no order.
A lock file is looked at every half millisecond instead. It is a courtesy, not a guard: what keeps
the data right is still BEGIN IMMEDIATE, and who waits too long for a turn goes on without one.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PATIENCE = 0.2
"""Seconds; longer than any write takes. A process that was stopped in its turn costs the others that much."""
_PAUSE = 0.0005


class Turn:
    """The turn of one database; ``with turn.taken():`` around a writing transaction."""

    def __init__(self, path: Path) -> None:
        self._threads = threading.Lock()
        self._processes = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Inside, no other writer on this machine is at work, unless one has been for long."""
        mine = self._threads.acquire(timeout=_PATIENCE)
        try:
            if mine:
                self._wait()
            yield
        finally:
            if mine:
                fcntl.flock(self._processes, fcntl.LOCK_UN)
                self._threads.release()

    def close(self) -> None:
        if self._processes >= 0:
            os.close(self._processes)
            self._processes = -1

    def _wait(self) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            try:
                fcntl.flock(self._processes, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_PAUSE)
            else:
                return
