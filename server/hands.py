"""Threads of a loop: what waits for a disk or a database is given to them, what came of it comes back."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import Empty, SimpleQueue
from selectors import EVENT_READ, BaseSelector
from typing import TypeVar

T = TypeVar("T")


class Hands:
    """Called in the loop, which finds in its selector that one has come back."""

    def __init__(self, threads: int, selector: BaseSelector) -> None:
        self._pool = ThreadPoolExecutor(threads)
        self._selector = selector
        self._done: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake, self._wake_end = os.pipe()

    def start(self) -> None:
        os.set_blocking(self._wake, False)
        os.set_blocking(self._wake_end, False)
        self._selector.register(self._wake, EVENT_READ, self._awake)

    def give(self, work: Callable[[], T], then: Callable[[Future[T]], None]) -> None:
        """Do ``work`` in a thread; ``then`` is called in the loop with what came of it."""
        self._pool.submit(work).add_done_callback(partial(self._back, then))

    def leave(self, work: Callable[[], None]) -> None:
        """Nobody waits for it."""
        self._pool.submit(work)

    def close(self) -> None:
        self._pool.shutdown(wait=True)
        os.close(self._wake)
        os.close(self._wake_end)

    def _back(self, then: Callable[[Future[T]], None], done: Future[T]) -> None:
        """Called in the thread."""
        self._done.put(partial(then, done))
        try:
            os.write(self._wake_end, b"\0")
        except BlockingIOError:
            return  # The pipe is full of wake-ups already.

    def _awake(self) -> None:
        try:
            os.read(self._wake, 4096)
        except BlockingIOError:
            return
        while True:
            try:
                act = self._done.get_nowait()
            except Empty:
                return
            act()
