"""HL7 v2 messages between the door, the store and whoever makes resources of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Standing(StrEnum):
    """What has become of a message that was acknowledged."""

    WAITING = "waiting"
    APPLIED = "applied"
    """What it says stands in the store."""
    HELD = "held"
    """A person must look: nothing of it is in the store, or a case says why."""
    PARKED = "parked"
    """What it is about is not here yet; it is tried again until its time is over, then held."""
    FAULTED = "faulted"
    """We could not make anything of it, and it is our fault. What comes later for the same patient waits
    until a person has it tried again, or sets it aside."""
    SET_ASIDE = "set-aside"
    """A person has decided that nothing is made of it."""


@dataclass(frozen=True, slots=True)
class Later:
    """An application acknowledgement that goes out as a message of its own (HL7 v2.8 section 2.9.3.2)."""

    id: str
    destination: str
    """Name of the [[hl7v2]] destination."""
    content: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that is accepted, as it is stored before its acknowledgement leaves."""

    id: str
    link: str
    """Name of the link by which it came."""
    sender: str
    """MSH-3 and MSH-4, as ``application|facility``: with MSH-10 who it is by."""
    control_id: str
    """MSH-10."""
    kind: str
    """``ORU^R01``."""
    structure: str
    """``ORU_R01``."""
    version: str
    sent_at: datetime | None
    """MSH-7, where it is a time and not absurd."""
    received_at: datetime
    raw: bytes
    """Just what stood in the frame."""
    digest: str
    """SHA-256 of ``raw``, lower-case hex."""
    lanes: tuple[str, ...]
    """Whom it is about: a digest of each identifier of the patient, of both patients of a merge. Messages
    that share one are applied in the order in which they came; without any it waits for nobody."""
    answer: bytes
    """The acknowledgement that leaves once this is stored; empty: the sender wants none."""
    notes: tuple[str, ...] = ()
    """Leniencies, by name."""
    later: Later | None = None


def lane_of(system: str, value: str) -> str:
    """The lane of a patient's identifier; it tells nobody who that is."""
    return hashlib.sha256(f"{system}|{value}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Turned:
    """A message that is refused for good, kept for a while so that a person can see why."""

    link: str
    received_at: datetime
    raw: bytes
    answer: bytes
    reason: str
    """Without values of the message."""
    later: Later | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store says."""

    answer: bytes
    """What is to be sent: of a message that came before, what was answered then."""
    repeated: bool = False
    reused: bool = False
    """Its control id was used before with other content; it is a message of its own all the same."""


ACCEPTED = "accepted by "
"""How the reasons of a message begin to say that a person has accepted its patient."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the store has it."""

    id: str
    link: str
    sender: str
    control_id: str
    kind: str
    version: str
    sent_at: datetime | None
    received_at: datetime
    standing: Standing
    attempts: int
    reasons: tuple[str, ...]
    """Why it is held, parked or faulted; without values of the message."""
    notes: tuple[str, ...]
    reused: bool
    due_at: datetime | None

    @property
    def happened_at(self) -> datetime:
        """No message counts as later than it came, whatever its sender's clock says."""
        return min(self.sent_at or self.received_at, self.received_at)

    @property
    def accepted(self) -> bool:
        """A person has said that its patient is who the number says."""
        return any(each.startswith(ACCEPTED) for each in self.reasons)


@dataclass(frozen=True, slots=True)
class MessageClaim:
    """A message that one worker has taken to apply it."""

    message: Message
    raw: bytes
    token: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What has become of a claimed message."""

    standing: Standing
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Beside those that it was accepted with."""
    due_at: datetime | None = None
    """When it is tried again."""
    changed: tuple[str, ...] = ()
    """``Patient/id`` whose data it speaks for, once it is applied."""


class Inbox(Protocol):
    """Where messages are kept. A call returns when everything is on disk, or raises Fault."""

    def keep(self, message: Heard, *, again: bytes | None = None) -> Kept:
        """``again``: what to answer, and to keep nothing, where the control id had other content."""
        ...

    def turn_away(self, message: Turned) -> None: ...


class Hearing(Protocol):
    """What the listener calls with each frame, in a thread; it knows nothing of what is inside."""

    def hear(self, payload: bytes, links: tuple[str, ...], received_at: datetime) -> bytes | None:
        """What to send back; None: nothing (an acknowledgement that came to us, a wish of MSH-15).

        ``links``: names of those that the connection may be, by its address and certificate; one or more.
        MSH-3 and MSH-4 say which of them it is, or that it is none.

        Raises:
            Fault: of our own (store down, disk full): no answer leaves and the connection is closed, so that
                the sender sends it again.
        """
        ...

    def torn(self, payload: bytes, links: tuple[str, ...], received_at: datetime) -> bytes | None:
        """The answer to a message of which there is only the beginning, however whole it looks."""
        ...

    def too_long(self, begin: bytes, links: tuple[str, ...], received_at: datetime) -> bytes | None:
        """The answer to a message that is over the limit, from its first bytes; nothing of it is kept."""
        ...
