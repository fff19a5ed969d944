"""A card's model, resident in a process of its own: started when first needed, tested then and every hour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from server.errors import Category, fault
from server.model import Card
from server.reader.process import Spawned, verified

SELF_TEST_EVERY = timedelta(hours=1)

Process = TypeVar("Process", bound=Spawned)


class Resident(Generic[Process]):
    """Safe to use from several threads; they wait for each other."""

    def __init__(
        self,
        card: Card,
        folder: Path,
        spawn: Callable[[bytes], Process],
        repeats: Callable[[Process], bool],
    ) -> None:
        """Nothing is loaded yet. ``folder`` is the one that the card and its model file lie in.

        ``spawn`` starts the process with the model's bytes; ``repeats`` is whether it still gives the scores
        that its card knows.
        """
        self._path = folder / card.model_file
        self._digest = card.model_digest
        self._spawn = spawn
        self._repeats = repeats
        self._lock = Lock()
        self.process: Process | None = None
        self.tested_at: datetime | None = None

    def start(self) -> None:
        """Load the model and put it to the test; does nothing when it runs.

        Raises:
            Fault: BROKEN when the file is not the card's or its scores are not those of the card;
                UNAVAILABLE when the process ends or is too slow.
        """
        with self._lock:
            self._running()

    @contextmanager
    def lent(self, now: datetime) -> Iterator[Process]:
        """The process, to one caller at a time; once an hour it is tested first (reliability, T33).

        Raises:
            Fault: as ``start``. After a fault the next call starts a fresh process.
        """
        with self._lock:
            yield self._tested(now)

    def close(self) -> None:
        """Let go of the process."""
        with self._lock:
            self._drop()

    def _running(self) -> Process:
        if self.process is None or not self.process.alive:
            self._drop()
            self.process = self._spawn(verified(self._path, self._digest))
            self._test(self.process)
        return self.process

    def _tested(self, now: datetime) -> Process:
        process = self._running()
        if self.tested_at is None:
            self.tested_at = now
        elif now - self.tested_at >= SELF_TEST_EVERY:
            self._test(process)
            self.tested_at = now
        return process

    def _test(self, process: Process) -> None:
        if not self._repeats(process):
            self._drop()
            raise fault(Category.BROKEN, "exception", "the model fails its card's self-test; it is off")

    def _drop(self) -> None:
        if self.process is not None:
            self.process.close()
        self.process = None
        self.tested_at = None
