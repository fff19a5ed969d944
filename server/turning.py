"""One listener process: its loop is turned until it is told to stop, and then until nothing is under way."""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Sequence
from typing import Protocol

from structlog.typing import FilteringBoundLogger

from server.line import Entry
from server.tally import Tally

_STOPS = (signal.SIGTERM, signal.SIGINT)
_OTHER_FILES = 256
_TELL_SECONDS = 60.0
GRACE_SECONDS = 30.0
"""For what is under way when the process is told to stop."""


class Loop(Protocol):
    """A turn lasts a moment, whatever happens in it."""

    @property
    def busy(self) -> bool:
        """Whether a peer is still to be waited for."""

    @property
    def broken(self) -> bool:
        """The disk has failed in a way after which only a new process may go on."""

    def start(self) -> None: ...
    def turn(self) -> None: ...
    def stop(self) -> None:
        """Accept no more, and begin nothing."""

    def close(self) -> None: ...


def turn(loop: Loop, entries: Sequence[Entry], tally: Tally, log: FilteringBoundLogger) -> bool:
    """Until SIGTERM or SIGINT; False when the disk has failed and a new start must look."""
    stops: list[int] = []
    for number in _STOPS:
        signal.signal(number, lambda caught, _: stops.append(caught))
    loop.start()
    log.info("listening", address=[each.listener.getsockname() for each in entries])
    next_word = time.monotonic() + _TELL_SECONDS
    while not stops and not loop.broken:
        loop.turn()
        if time.monotonic() > next_word:
            next_word += _TELL_SECONDS
            _tell(tally, log)
    loop.stop()
    until = time.monotonic() + GRACE_SECONDS
    while loop.busy and not loop.broken and time.monotonic() < until:
        loop.turn()
    loop.close()
    _tell(tally, log)
    return not loop.broken


def _tell(tally: Tally, log: FilteringBoundLogger) -> None:
    counts = tally.fresh()
    if counts:
        log.info("counted", **{each.replace(" ", "_"): number for each, number in counts.items()})


def allow_files(number: int, log: FilteringBoundLogger) -> None:
    """So many descriptors, and some for ourselves: more than many systems allow unasked."""
    wanted = number + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if allowed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        log.warning("fewer open files are allowed than needed at the worst", allowed=allowed, needed=wanted)
