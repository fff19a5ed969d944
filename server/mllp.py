"""The process ``mllp``: opens the ports of the HL7 v2 door, and keeps listeners on them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from server.binding import listen as bound
from server.certificates import TlsFiles, context_of
from server.clock import now
from server.counting import Counts
from server.errors import Category, fault
from server.hearing import links_file
from server.hl7v2.listen.counts import FILE, NAMES
from server.hl7v2.listen.limits import Limits
from server.hl7v2.listen.process import listen
from server.listeners import Listeners, Shared, entries, told_to_stop
from server.log import configure, logger
from server.messages import Hearing
from server.seats import Seats
from server.settings import PREFIX, Settings

Opening = Callable[[Settings], Hearing]
"""Opens the store, in the process that is going to use it."""


def serve(settings: Settings, opening: Opening) -> None:
    """Listen until told to stop.

    Raises:
        Fault: a port, the links file or the certificate cannot be used.
        SystemExit: a listener cannot start, and has said why.
    """
    configure(settings.log_level, "mllp")
    links_file(settings)
    demand_certificate(settings)
    stop = told_to_stop()
    limits = limits_of(settings)
    seats = Seats(limits.connections, limits.connections_per_peer, settings.mllp_processes)
    shared = Shared(seats, Counts(NAMES, settings.mllp_processes), settings.data, FILE)
    with ExitStack() as open_:
        ports = [open_.enter_context(bound(settings.mllp_host, *each)) for each in _ports(settings)]
        listening = partial(_listen, settings, opening, ports, shared)
        Listeners(settings.mllp_processes, listening, shared).keep_up(stop)
    shared.close()


def demand_door(settings: Settings) -> None:
    """What would stop the process ``mllp`` is said before it is started.

    Raises:
        Fault: as ``serve``.
    """
    links_file(settings)
    demand_certificate(settings)
    demand_shown(settings)
    for each in _ports(settings):
        bound(settings.mllp_host, *each).close()


def demand_shown(settings: Settings) -> None:
    """Raises Fault(INCORRECT) for a link that must show a certificate, which nobody is asked for."""
    asked = settings.mllp_tls_port and settings.mllp_tls_client_ca is not None
    lacking = [each.name for each in links_file(settings).current().values() if each.certificates]
    if lacking and not asked:
        needed = f"{PREFIX}MLLP_TLS_PORT and {PREFIX}MLLP_TLS_CLIENT_CA"
        text = f"{needed} are needed: link {lacking[0]} must show a certificate"
        raise fault(Category.INCORRECT, "required", text)


def demand_certificate(settings: Settings) -> None:
    """Raises Fault(INCORRECT) when a file that the door needs for TLS cannot be used."""
    files = tls_files(settings)
    if files is not None:
        context_of(files)


def tls_files(settings: Settings) -> TlsFiles | None:
    """None where no port speaks TLS."""
    certificate, key = settings.mllp_tls_certificate, settings.mllp_tls_key
    if not settings.mllp_tls_port or certificate is None or key is None:
        return None
    return TlsFiles(certificate, key, settings.mllp_tls_client_ca, "MLLP_TLS", ())


def limits_of(settings: Settings) -> Limits:
    """The defaults, but for what an operator may choose."""
    return Limits(message_bytes=settings.mllp_max_message, connections=settings.mllp_max_connections)


def _ports(settings: Settings) -> list[tuple[int, str]]:
    """Those that are open, each with the setting that chooses it; the one that speaks TLS last."""
    chosen = ((settings.mllp_port, f"{PREFIX}MLLP_PORT"), (settings.mllp_tls_port, f"{PREFIX}MLLP_TLS_PORT"))
    return [each for each in chosen if each[0]]


def _listen(
    settings: Settings, opening: Opening, ports: Sequence[socket.socket], shared: Shared, part: int
) -> bool:
    """In the process that accepts."""
    return listen(
        entries(ports, tls_files(settings)),
        opening(settings),
        links_file(settings).current,
        shared.seats,
        limits_of(settings),
        clock=now,
        log=logger(),
        part=shared.counts.part(part),
    )
