"""What one listener process of the DICOM door is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from structlog.typing import FilteringBoundLogger

from server.counting import Part
from server.dicom.limits import Limits
from server.dicom.pace import Throttle
from server.dicom.peers import Peers
from server.dicom.receive.admission import Admission
from server.dicom.receive.conversation import Conversation
from server.dicom.receive.loop import Loop
from server.dicom.receive.operation import Operations
from server.line import Entry
from server.objects import Holding
from server.reread import Reread
from server.seats import Seats
from server.tally import Tally
from server.turning import allow_files, turn


def receive(
    entries: Sequence[Entry],
    holding: Holding,
    peers: Reread[Peers],
    seats: Seats,
    limits: Limits,
    *,
    operations: Operations,
    clock: Callable[[], datetime],
    log: FilteringBoundLogger,
    part: Part | None = None,
) -> bool:
    """Take objects until SIGTERM or SIGINT; False when the disk has failed and a new start must look."""
    allow_files(limits.connections + limits.associations, log)  # each of these has a file for its object
    tally = Tally(part)
    admission = Admission(peers.current, seats, Throttle(limits))
    conversation = Conversation(
        admission, operations=operations, limits=limits, clock=clock, tally=tally, log=log
    )
    loop = Loop(entries, conversation, holding, admission, limits=limits, tally=tally, log=log)
    return turn(loop, entries, tally, log)
