"""What one listener process of the HL7 v2 door is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from structlog.typing import FilteringBoundLogger

from server.counting import Part
from server.hl7v2.link import Links
from server.hl7v2.listen.admission import Admission
from server.hl7v2.listen.limits import Limits
from server.hl7v2.listen.loop import Loop
from server.hl7v2.listen.telling import Telling
from server.line import Entry
from server.messages import Hearing
from server.seats import Seats
from server.tally import Tally
from server.turning import allow_files, turn


def listen(
    entries: Sequence[Entry],
    hearing: Hearing,
    links: Callable[[], Links],
    seats: Seats,
    limits: Limits,
    *,
    clock: Callable[[], datetime],
    log: FilteringBoundLogger,
    part: Part | None = None,
) -> bool:
    """Take messages until SIGTERM or SIGINT; False when the disk has failed and a new start must look."""
    allow_files(limits.connections, log)
    tally = Tally(part)
    loop = Loop(
        entries,
        hearing,
        Admission(links, seats),
        limits=limits,
        clock=clock,
        telling=Telling(tally, log),
        log=log,
    )
    return turn(loop, entries, tally, log)
