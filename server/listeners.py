"""Processes that accept from ports which their parent holds: as many as asked for, anew when they die.

They are forked from the parent, which has nothing else open: so no connection is refused while one of them
is started anew. What they share is counted in memory that was there before them.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from socket import socket
from threading import Event

from server.certificates import Certificates, TlsFiles
from server.clock import now
from server.counting import Counts, write
from server.ending import REFUSED, one_sentence
from server.lifeline import tie_to
from server.line import Entry
from server.log import logger
from server.seats import Seats
from server.tls import TlsLine
from server.turning import GRACE_SECONDS

_STOPS = (signal.SIGTERM, signal.SIGINT)
_LOOK = 0.1
_WORD = 1.0
_YOUNG, _PAUSE = 10.0, 1.0
"""Seconds; as for the processes of the supervisor."""


def told_to_stop() -> Event:
    """Set by SIGTERM and SIGINT from now on."""
    stop = Event()
    for number in _STOPS:
        signal.signal(number, lambda *_: stop.set())
    return stop


def entries(ports: Sequence[socket], files: TlsFiles | None) -> list[Entry]:
    """The last port speaks TLS where there are files for it. Called in the process that accepts.

    The certificate is its own, and looked at by nobody else.
    """
    if files is None:
        return [Entry(each) for each in ports]
    certificates = Certificates(files, logger().warning)
    *plain, secured = ports
    return [*map(Entry, plain), Entry(secured, lambda sock: TlsLine(sock, certificates.context()))]


@dataclass(frozen=True, slots=True)
class Shared:
    """Memory of all listeners of a door, and the file that tells of it."""

    seats: Seats
    counts: Counts
    folder: Path
    file: str

    def tell(self) -> None:
        """For whoever serves /metrics; not to be told of a full disk a second time."""
        with suppress(OSError):
            write(self.folder, self.file, self.counts.told(now().timestamp(), self.seats.taken))

    def close(self) -> None:
        self.seats.close()
        self.counts.close()


class Listeners:
    """The processes that accept."""

    def __init__(self, processes: int, receive: Callable[[int], bool], shared: Shared) -> None:
        """``receive``: what each does until it is told to stop, with the number of its part of the counts.

        It raises Fault where it cannot start, and returns False where a new process must look.
        """
        self._processes = processes
        self._receive = receive
        self._shared = shared
        self._running: list[tuple[BaseProcess, float, int]] = []
        """Each with its birth and its part of the counts."""
        self._next_word = 0.0

    def keep_up(self, stop: Event) -> None:
        """Raises SystemExit when one of them cannot start, and has said why."""
        try:
            self._start_missing()
            while not stop.wait(_LOOK):
                if self._bury() and stop.wait(_PAUSE):
                    return
                self._start_missing()
                self._tell()
        finally:
            self._end()

    def _start_missing(self) -> None:
        while len(self._running) < self._processes:
            taken = {part for _, _, part in self._running}
            part = next(each for each in range(self._processes) if each not in taken)
            self._running.append((self._start(part), time.monotonic(), part))

    def _bury(self) -> bool:
        """Forget those that have died, and free their seats; True when one of them had hardly lived."""
        dead = [(each, born) for each, born, _ in self._running if each.exitcode is not None]
        for each, _ in dead:
            if each.exitcode == REFUSED:  # it has said why, and the next would say the same
                raise SystemExit(REFUSED)
            logger().error("listener died, starting another", pid=each.pid, code=each.exitcode)
            self._shared.seats.vacate(each.pid or 0)
        self._running = [each for each in self._running if each[0].exitcode is None]
        return any(time.monotonic() - born < _YOUNG for _, born in dead)

    def _end(self) -> None:
        for each, *_ in self._running:
            each.terminate()
        until = time.monotonic() + GRACE_SECONDS + 1.0
        while any(each.exitcode is None for each, *_ in self._running) and time.monotonic() < until:
            time.sleep(_LOOK)
        for each, *_ in self._running:
            if each.exitcode is None:
                each.kill()
            each.join()

    def _tell(self) -> None:
        if time.monotonic() >= self._next_word:
            self._next_word = time.monotonic() + _WORD
            self._shared.tell()

    def _start(self, part: int) -> BaseProcess:
        made = get_context("fork").Process(target=self._become, args=(os.getpid(), part), name="listener")
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)  # until it has handlers of its own
        try:
            made.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return made

    def _become(self, parent: int, part: int) -> None:
        """Runs in the new process."""
        for number in _STOPS:
            signal.signal(number, signal.SIG_DFL)  # ours would only tell our copy of the event
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        tie_to(parent)
        with one_sentence():
            sound = self._receive(part)
        if not sound:
            raise SystemExit(1)
