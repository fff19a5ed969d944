"""What is answered in pieces, such as a query: threads make them, the loop sends them.

The next piece is made when the one before is with the kernel, so that a peer which reads slowly fills no
memory; what the peer says meanwhile is heard, so that it can cancel (PS3.7 9.3.2.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.dicom.dimse.command import Command
from server.dicom.peers import Peers
from server.dicom.rights import Right
from server.dicom.upper.answer import Answered
from server.dicom.upper.association import Event
from server.dicom.upper.calling import Proposal


@dataclass(frozen=True, slots=True)
class Asking:
    """A request with all of its identifier, and what is known of who asks."""

    context: Answered
    command: Command
    identifier: bytes
    calling: str
    called: str
    address: str
    """The other end of the connection."""
    rights: frozenset[Right]
    peers: Peers
    """As they were when it associated."""
    peer_max: int
    """Longest PDU that it takes; 0: any."""
    takes: Mapping[tuple[str, str], int]
    """(SOP class, transfer syntax) -> context by which objects can be sent to it on this association."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Dial:
    """Whom to call."""

    host: str
    port: int
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Lost:
    """What was dialled is gone, or never was there."""


@dataclass(frozen=True, slots=True)
class Portion:
    """A piece of an answer, framed."""

    pdus: bytes = b""
    ended: bool = False
    """Nothing comes after it."""
    waits: bool = False
    """The next is made only when ``hear`` or ``hear_elsewhere`` has been told something."""
    dial: Dial | None = None
    """Another peer is to be called."""
    elsewhere: bytes = b""
    """What goes to that one, framed."""


class Operation(Protocol):
    """Owned by the loop; a thread that carries it on has it for itself but for ``hear``."""

    @property
    def told(self) -> Mapping[str, object]:
        """For the log, when it has ended: what was asked and what became of it, nothing of a patient."""
        ...

    @property
    def refused(self) -> bool:
        """Whether who asked may not, which auditors are told each time."""
        ...

    def hear(self, event: Event) -> bool:
        """In the loop. False: it is not for this operation, and has to wait for its end."""
        ...

    def hear_elsewhere(self, event: Event | Lost, longest: int) -> None:
        """In the loop: what the peer that was dialled says; ``longest`` PDU that it takes."""
        ...

    def carry(self) -> Portion:
        """In a thread. Raises nothing that can be answered."""
        ...

    def close(self) -> None:
        """In a thread: let go of files, however it has ended."""
        ...


class Operations(Protocol):
    """Makes operations of requests."""

    def begin(self, asking: Asking) -> Operation:
        """In the loop; nothing is looked at yet."""
        ...
