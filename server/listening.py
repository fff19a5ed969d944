"""The process ``dicom``: opens the port, and keeps as many listeners on it as were asked for.

They are forked from this process, which holds the port and nothing else that is open: so no
connection is refused while one of them is started anew.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from threading import Event

from server.clock import now
from server.dicom.limits import Limits
from server.dicom.receive.operation import Operations
from server.dicom.receive.port import listen
from server.dicom.receive.process import GRACE_SECONDS, receive
from server.dicom.receive.seats import Seats
from server.dicom.register import PeersFile
from server.ending import REFUSED, one_sentence
from server.lifeline import tie_to
from server.log import configure, logger
from server.objects import Holding
from server.settings import Settings

_STOPS = (signal.SIGTERM, signal.SIGINT)
_LOOK = 0.1
_YOUNG, _PAUSE = 10.0, 1.0
"""Seconds; as for the processes of the supervisor."""

Opening = Callable[[Settings], tuple[Holding, Operations]]
"""Opens the store, in the process that is going to use it."""


def serve(settings: Settings, opening: Opening) -> None:
    """Listen until told to stop.

    Raises:
        Fault: the port or the file of peers cannot be used.
        SystemExit: a listener cannot start, and has said why.
    """
    configure(settings.log_level, "dicom")
    register(settings)
    stop = Event()
    for number in _STOPS:
        signal.signal(number, lambda *_: stop.set())
    limits = limits_of(settings)
    seats = Seats(limits.associations, limits.associations_per_peer, settings.dicom_processes)
    with listen(settings.dicom_host, settings.dicom_port) as listener:
        _keep_up(_Listeners(settings, opening, listener, seats), stop)
    seats.close()


def demand_door(settings: Settings) -> None:
    """What would stop the process ``dicom`` is said before it is started.

    Raises:
        Fault: as ``serve``.
    """
    register(settings)
    listen(settings.dicom_host, settings.dicom_port).close()


def limits_of(settings: Settings) -> Limits:
    """The defaults, but for what an operator may choose."""
    return Limits(object_bytes=settings.dicom_max_object, associations=settings.dicom_max_associations)


def register(settings: Settings) -> PeersFile:
    """Raises Fault(INCORRECT) when the file of peers is not as it must be."""
    return PeersFile(
        settings.dicom_peers,
        lambda text: logger().error(
            "the changed file of peers is not used; the one before stays", error=text
        ),
    )


class _Listeners:
    """The processes that accept."""

    def __init__(self, settings: Settings, opening: Opening, listener: socket.socket, seats: Seats) -> None:
        self._settings = settings
        self._opening = opening
        self._listener = listener
        self._seats = seats
        self._running: list[tuple[BaseProcess, float]] = []

    def start_missing(self) -> None:
        while len(self._running) < self._settings.dicom_processes:
            self._running.append((self._start(), time.monotonic()))

    def bury(self) -> bool:
        """Forget those that have died, and free their seats; True when one of them had hardly lived."""
        dead = [(each, born) for each, born in self._running if each.exitcode is not None]
        for each, _ in dead:
            if each.exitcode == REFUSED:  # it has said why, and the next would say the same
                raise SystemExit(REFUSED)
            logger().error("listener died, starting another", pid=each.pid, code=each.exitcode)
            self._seats.vacate(each.pid or 0)
        self._running = [(each, born) for each, born in self._running if each.exitcode is None]
        return any(time.monotonic() - born < _YOUNG for _, born in dead)

    def end(self) -> None:
        for each, _ in self._running:
            each.terminate()
        until = time.monotonic() + GRACE_SECONDS + 1.0
        while any(each.exitcode is None for each, _ in self._running) and time.monotonic() < until:
            time.sleep(_LOOK)
        for each, _ in self._running:
            if each.exitcode is None:
                each.kill()
            each.join()

    def _start(self) -> BaseProcess:
        made = get_context("fork").Process(target=self._become, args=(os.getpid(),), name="listener")
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)  # until it has handlers of its own
        try:
            made.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return made

    def _become(self, parent: int) -> None:
        """Runs in the new process."""
        for number in _STOPS:
            signal.signal(number, signal.SIG_DFL)  # ours would only tell our copy of the event
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        tie_to(parent)
        settings = self._settings
        with one_sentence():
            holding, operations = self._opening(settings)
            limits = limits_of(settings)
            peers = register(settings)
            sound = receive(
                self._listener,
                holding,
                peers,
                self._seats,
                limits,
                operations=operations,
                clock=now,
                log=logger(),
            )
        if not sound:
            raise SystemExit(1)


def _keep_up(listeners: _Listeners, stop: Event) -> None:
    try:
        listeners.start_missing()
        while not stop.wait(_LOOK):
            if listeners.bury() and stop.wait(_PAUSE):
                return
            listeners.start_missing()
    finally:
        listeners.end()
