"""The process ``dicom``: opens the ports, and keeps as many listeners on them as were asked for."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from server.binding import listen
from server.certificates import TlsFiles, context_of
from server.clock import now
from server.counting import Counts
from server.dicom.limits import Limits
from server.dicom.peers import Peers, load_peers
from server.dicom.receive.counts import FILE, NAMES
from server.dicom.receive.operation import Operations
from server.dicom.receive.process import receive
from server.listeners import Listeners, Shared, entries, told_to_stop
from server.log import configure, logger
from server.objects import Holding
from server.reread import Reread
from server.seats import Seats
from server.settings import PREFIX, Settings

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
    stop = told_to_stop()
    limits = limits_of(settings)
    seats = Seats(limits.associations, limits.associations_per_peer, settings.dicom_processes)
    shared = Shared(seats, Counts(NAMES, settings.dicom_processes), settings.data, FILE)
    with ExitStack() as open_:
        ports = [open_.enter_context(listen(settings.dicom_host, *each)) for each in _ports(settings)]
        receiving = partial(_receive, settings, opening, ports, shared)
        Listeners(settings.dicom_processes, receiving, shared).keep_up(stop)
    shared.close()


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


def register(settings: Settings) -> Reread[Peers]:
    """Raises Fault(INCORRECT) when the file of peers is not as it must be."""
    return Reread(
        settings.dicom_peers,
        load_peers,
        lambda text: logger().error(
            "the changed file of peers is not used; the one before stays", error=text
        ),
    )


def _receive(
    settings: Settings, opening: Opening, ports: Sequence[socket.socket], shared: Shared, part: int
) -> bool:
    """In the process that accepts."""
    holding, operations = opening(settings)
    return receive(
        entries(ports, tls_files(settings)),
        holding,
        register(settings),
        shared.seats,
        limits_of(settings),
        operations=operations,
        clock=now,
        log=logger(),
        part=shared.counts.part(part),
    )
