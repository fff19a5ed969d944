"""The process ``dicom``: opens the port, and keeps as many listeners on it as were asked for.

They are forked from this process, which holds the port and nothing else that is open: so no
connection is refused while one of them is started anew.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from threading import Event

from server.certificates import Certificates, TlsFiles, context_of
from server.clock import now
from server.dicom.limits import Limits
from server.dicom.receive.counts import Counts, write
from server.dicom.receive.operation import Operations
from server.dicom.receive.port import listen
from server.dicom.receive.process import GRACE_SECONDS, receive
from server.dicom.receive.seats import Seats
from server.dicom.register import PeersFile
from server.ending import REFUSED, one_sentence
from server.lifeline import tie_to
from server.line import Entry
from server.log import configure, logger
from server.objects import Holding
from server.settings import PREFIX, Settings
from server.tls import TlsLine

_STOPS = (signal.SIGTERM, signal.SIGINT)
_LOOK = 0.1
_WORD = 1.0
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
    demand_certificate(settings)
    stop = Event()
    for number in _STOPS:
        signal.signal(number, lambda *_: stop.set())
    limits = limits_of(settings)
    shared = _Shared(
        Seats(limits.associations, limits.associations_per_peer, settings.dicom_processes),
        Counts(settings.dicom_processes),
    )
    with ExitStack() as open_:
        ports = [open_.enter_context(listen(settings.dicom_host, *each)) for each in _ports(settings)]
        _keep_up(_Listeners(settings, opening, ports, shared), stop)
    shared.seats.close()
    shared.counts.close()


def demand_door(settings: Settings) -> None:
    """What would stop the process ``dicom`` is said before it is started.

    Raises:
        Fault: as ``serve``.
    """
    register(settings)
    demand_certificate(settings)
    for each in _ports(settings):
        listen(settings.dicom_host, *each).close()


def demand_certificate(settings: Settings) -> None:
    """Raises Fault(INCORRECT) when a file that the door needs for TLS cannot be used."""
    files = tls_files(settings)
    if files is not None:
        context_of(files)


def tls_files(settings: Settings) -> TlsFiles | None:
    """None where no port speaks TLS."""
    certificate, key = settings.dicom_tls_certificate, settings.dicom_tls_key
    if not settings.dicom_tls_port or certificate is None or key is None:
        return None
    return TlsFiles(certificate, key, settings.dicom_tls_client_ca, "DICOM_TLS", ())


def _ports(settings: Settings) -> list[tuple[int, str]]:
    """Those that are open, each with the setting that chooses it; the one that speaks TLS last."""
    chosen = (
        (settings.dicom_port, f"{PREFIX}DICOM_PORT"),
        (settings.dicom_tls_port, f"{PREFIX}DICOM_TLS_PORT"),
    )
    return [each for each in chosen if each[0]]


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


@dataclass(frozen=True, slots=True)
class _Shared:
    """Memory of all listeners."""

    seats: Seats
    counts: Counts


class _Listeners:
    """The processes that accept."""

    def __init__(
        self, settings: Settings, opening: Opening, ports: Sequence[socket.socket], shared: _Shared
    ) -> None:
        self._settings = settings
        self._opening = opening
        self._ports = ports
        self._seats, self._counts = shared.seats, shared.counts
        self._running: list[tuple[BaseProcess, float, int]] = []
        """Each with its birth and its part of the counts."""
        self._next_word = 0.0

    def start_missing(self) -> None:
        while len(self._running) < self._settings.dicom_processes:
            taken = {part for _, _, part in self._running}
            part = next(each for each in range(self._settings.dicom_processes) if each not in taken)
            self._running.append((self._start(part), time.monotonic(), part))

    def bury(self) -> bool:
        """Forget those that have died, and free their seats; True when one of them had hardly lived."""
        dead = [(each, born) for each, born, _ in self._running if each.exitcode is not None]
        for each, _ in dead:
            if each.exitcode == REFUSED:  # it has said why, and the next would say the same
                raise SystemExit(REFUSED)
            logger().error("listener died, starting another", pid=each.pid, code=each.exitcode)
            self._seats.vacate(each.pid or 0)
        self._running = [each for each in self._running if each[0].exitcode is None]
        return any(time.monotonic() - born < _YOUNG for _, born in dead)

    def end(self) -> None:
        for each, *_ in self._running:
            each.terminate()
        until = time.monotonic() + GRACE_SECONDS + 1.0
        while any(each.exitcode is None for each, *_ in self._running) and time.monotonic() < until:
            time.sleep(_LOOK)
        for each, *_ in self._running:
            if each.exitcode is None:
                each.kill()
            each.join()

    def tell(self) -> None:
        """What has been counted, for whoever serves /metrics; not to be told of a full disk a second time."""
        if time.monotonic() < self._next_word:
            return
        self._next_word = time.monotonic() + _WORD
        with suppress(OSError):
            write(self._settings.data, self._counts.told(now().timestamp(), self._seats.taken))

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
        settings = self._settings
        with one_sentence():
            holding, operations = self._opening(settings)
            limits = limits_of(settings)
            peers = register(settings)
            sound = receive(
                _entries(settings, self._ports),
                holding,
                peers,
                self._seats,
                limits,
                operations=operations,
                clock=now,
                log=logger(),
                part=self._counts.part(part),
            )
        if not sound:
            raise SystemExit(1)


def _entries(settings: Settings, ports: Sequence[socket.socket]) -> list[Entry]:
    """In the process that accepts: the certificate is its own, and looked at by nobody else."""
    files = tls_files(settings)
    if files is None:
        return [Entry(each) for each in ports]
    certificates = Certificates(files, logger().warning)
    *plain, secured = ports
    return [*map(Entry, plain), Entry(secured, lambda sock: TlsLine(sock, certificates.context()))]


def _keep_up(listeners: _Listeners, stop: Event) -> None:
    try:
        listeners.start_missing()
        while not stop.wait(_LOOK):
            if listeners.bury() and stop.wait(_PAUSE):
                return
            listeners.start_missing()
            listeners.tell()
    finally:
        listeners.end()
