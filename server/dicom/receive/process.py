"""One listener process: a loop over the shared port until it is told to stop."""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from structlog.typing import FilteringBoundLogger

from server.dicom.limits import Limits
from server.dicom.pace import Throttle
from server.dicom.receive.admission import Admission
from server.dicom.receive.conversation import Conversation
from server.dicom.receive.counts import Part
from server.dicom.receive.loop import Loop
from server.dicom.receive.operation import Operations
from server.dicom.receive.seats import Seats
from server.dicom.receive.tally import Tally
from server.dicom.register import PeersFile
from server.line import Entry
from server.objects import Holding

_STOPS = (signal.SIGTERM, signal.SIGINT)
_OTHER_FILES = 256
_TELL_SECONDS = 60.0
GRACE_SECONDS = 30.0
"""For objects under way when the process is told to stop."""


def receive(
    entries: Sequence[Entry],
    holding: Holding,
    peers: PeersFile,
    seats: Seats,
    limits: Limits,
    *,
    operations: Operations,
    clock: Callable[[], datetime],
    log: FilteringBoundLogger,
    part: Part | None = None,
) -> bool:
    """Take objects until SIGTERM or SIGINT; False when the disk has failed and a new start must look."""
    stops: list[int] = []
    for number in _STOPS:
        signal.signal(number, lambda caught, _: stops.append(caught))
    _allow_files(limits, log)
    tally = Tally(part)
    admission = Admission(peers.current, seats, Throttle(limits))
    conversation = Conversation(
        admission, operations=operations, limits=limits, clock=clock, tally=tally, log=log
    )
    loop = Loop(entries, conversation, holding, admission, limits=limits, tally=tally, log=log)
    loop.start()
    log.info("listening", address=[each.listener.getsockname() for each in entries])
    _turn(loop, tally, stops, log)
    loop.stop()
    until = time.monotonic() + GRACE_SECONDS
    while loop.busy and not loop.broken and time.monotonic() < until:
        loop.turn()
    loop.close()
    _tell(tally, log)
    return not loop.broken


def _turn(loop: Loop, tally: Tally, stops: list[int], log: FilteringBoundLogger) -> None:
    next_word = time.monotonic() + _TELL_SECONDS
    while not stops and not loop.broken:
        loop.turn()
        if time.monotonic() > next_word:
            next_word += _TELL_SECONDS
            _tell(tally, log)


def _tell(tally: Tally, log: FilteringBoundLogger) -> None:
    counts = tally.fresh()
    if counts:
        log.info("counted", **{each.replace(" ", "_"): number for each, number in counts.items()})


def _allow_files(limits: Limits, log: FilteringBoundLogger) -> None:
    """One descriptor a connection, and one for its object: more than many systems allow unasked."""
    wanted = limits.connections + limits.associations + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if allowed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        log.warning("fewer open files are allowed than needed at the worst", allowed=allowed, needed=wanted)
