"""The listening sockets of a loop: watched, let go for a while, and shared fairly with other processes."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Sequence
from functools import partial
from selectors import EVENT_READ, BaseSelector
from socket import socket

from structlog.typing import FilteringBoundLogger

from server.line import Entry

_TRY_AGAIN = (errno.EAGAIN, errno.ECONNABORTED)
_AFTER_YOU_SECONDS = 0.05
"""How long a process with more than its share leaves a new connection to the others."""


class Doorway:
    """Gives each accepted socket, with the peer's address, to ``enter``."""

    def __init__(
        self,
        listener: socket,
        selector: BaseSelector,
        enter: Callable[[socket, str, float], None],
        burdened: Callable[[], bool],
        log: FilteringBoundLogger,
    ) -> None:
        """``burdened``: whether this process has more than its share of the connections."""
        listener.setblocking(False)
        self._listener = listener
        self._selector = selector
        self._enter = enter
        self._burdened = burdened
        self._log = log
        self._watched = False
        self._until = 0.0
        """Until when the others go first, or went first just now."""

    def watch(self, *, on: bool) -> None:
        if on == self._watched:
            return
        self._watched = on
        if on:
            self._selector.register(self._listener, EVENT_READ, self._accept)
        else:
            self._selector.unregister(self._listener)

    def patience(self, longest: float) -> float:
        """How long a turn may wait: not past the moment when it is our turn again."""
        return longest if self._watched else min(longest, _AFTER_YOU_SECONDS)

    def come_back(self, now: float) -> None:
        if now >= self._until:
            self.watch(on=True)

    def _accept(self) -> None:
        """One connection a turn, so that the processes who share the listener share the load."""
        now = time.monotonic()
        if now > self._until + _AFTER_YOU_SECONDS and self._burdened():
            self._until = now + _AFTER_YOU_SECONDS
            self.watch(on=False)
            return
        try:
            sock, client = self._listener.accept()
        except OSError as error:
            if error.errno not in _TRY_AGAIN:
                # No file descriptor or memory left; it is tried again in a while.
                self._log.warning(
                    "cannot accept connections now", error=errno.errorcode.get(error.errno or 0)
                )
                self._until = now + _AFTER_YOU_SECONDS
                self.watch(on=False)
            return
        self._enter(sock, client[0], now)


class Doorways:
    """One for each entry; gives ``enter`` the entry, too."""

    def __init__(
        self,
        entries: Sequence[Entry],
        selector: BaseSelector,
        enter: Callable[[Entry, socket, str, float], None],
        burdened: Callable[[], bool],
        log: FilteringBoundLogger,
    ) -> None:
        self._each = [
            Doorway(each.listener, selector, partial(enter, each), burdened, log) for each in entries
        ]

    def watch(self, *, on: bool) -> None:
        for each in self._each:
            each.watch(on=on)

    def patience(self, longest: float) -> float:
        return min(each.patience(longest) for each in self._each)

    def come_back(self, now: float) -> None:
        for each in self._each:
            each.come_back(now)
