"""What becomes of a message before it is acknowledged: taken, refused, or not to be answered."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.hl7v2 import acknowledge, admission, batch, patients, reading
from server.hl7v2.acknowledge import Stamp
from server.hl7v2.link import Link, Reused
from server.hl7v2.message import Message
from server.hl7v2.refusal import Code, Place, Refusal, rejected
from server.hl7v2.sent import sent_at
from server.hl7v2.text.head import Head, read_head
from server.messages import Heard, Later, Turned


@dataclass(frozen=True, slots=True)
class Taken:
    """Everything that an acknowledgement promises was checked; it is kept before its answer leaves."""

    link: Link
    heard: Heard
    message: Message
    again: bytes | None
    """What to answer, and to keep nothing, where the control id had other content."""


@dataclass(frozen=True, slots=True)
class Refused:
    turned: Turned
    answer: bytes | None
    """None: the sender wants none."""
    stranger: bool = False
    """It is by none that the connection may speak for: a security event."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Not answered, so that no two systems acknowledge each other's acknowledgements for ever."""

    why: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message of a frame."""

    payload: bytes
    at: datetime
    key: str
    """What it is kept under."""
    batched: bool = False
    """It came in a batch."""

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.key, self.at)


Judgement = Taken | Refused | Silent


def judge(arrived: Arrived, links: Sequence[Link]) -> Judgement:
    """``links``: those that the connection may speak for. A batch is parted before (``batch``)."""
    head: Head | None = None
    link: Link | None = None
    try:
        head = read_head(arrived.payload)
        if admission.is_acknowledgement(arrived.payload, head):
            return Silent("an acknowledgement")
        admission.identified(head)
        link = admission.choose(head, links)
        admission.admit(head, link, batched=arrived.batched)
        message = reading.message(arrived.payload, link)
        patients.check(message)
    except Refusal as refusal:
        return _refused(arrived, head, link, refusal)
    return _taken(arrived, head, link, message)


def too_long(begin: Arrived, links: Sequence[Link]) -> Judgement:
    """Of a message over the limit, by its first bytes."""
    text = "the message is longer than is taken here; send it in parts"
    return _unread(begin, links, rejected(Code.APPLICATION, "too-long", text))


def too_many(first: Arrived, links: Sequence[Link]) -> Judgement:
    """Of a batch over the limit, by its first message."""
    text = f"at most {batch.MOST} messages are taken in one batch"
    return _unread(first, links, rejected(Code.APPLICATION, "too-many", text))


def torn(begin: Arrived, links: Sequence[Link]) -> Judgement:
    """Of a message that has the bytes of an end inside, by what stands before them."""
    text = "FS CR stands inside the message; allowed in a text: its escape, \\X1C0D\\"
    return _unread(begin, links, Refusal(Code.SEQUENCE, "torn", text))


def _unread(begin: Arrived, links: Sequence[Link], refusal: Refusal) -> Judgement:
    """Refused, whatever it says."""
    head: Head | None = None
    link: Link | None = None
    try:
        head = read_head(begin.payload)
        if admission.is_acknowledgement(begin.payload, head):
            return Silent("an acknowledgement")
        link = admission.choose(head, links)
    except Refusal as other:
        refusal = other
    return _refused(begin, head, link, refusal)


def _taken(arrived: Arrived, head: Head, link: Link, message: Message) -> Taken:
    when, notes = sent_at(message.header, link.zone, arrived.at)
    elsewhere = bool(link.answers_to)
    answer = acknowledge.answer(head, None, arrived.stamp, elsewhere)
    later = _later(head, None, arrived, link)
    heard = Heard(
        id=arrived.key,
        link=link.name,
        sender=admission.sender(head),
        control_id=message.header.text(10),
        kind=f"{message.code}^{message.event}",
        structure=message.structure,
        version=message.version,
        sent_at=when,
        received_at=arrived.at,
        raw=arrived.payload,
        digest=hashlib.sha256(arrived.payload).hexdigest(),
        lanes=patients.lanes(message, link),
        answer=answer or b"",
        notes=(*message.notes, *admission.notes(head), *notes),
        later=later,
    )
    again = None
    if link.reused_control_id is Reused.REFUSE:
        again = acknowledge.answer(head, _REUSED, arrived.stamp, elsewhere) or b""
    return Taken(link, heard, message, again)


def _refused(arrived: Arrived, head: Head | None, link: Link | None, refusal: Refusal) -> Refused:
    answer = acknowledge.answer(head, refusal, arrived.stamp, bool(link and link.answers_to))
    kind = "AR" if refusal.rejected else "AE"
    reason = f"{kind} {refusal.code.value} {refusal.reason} {refusal.place}: {refusal.text}"
    later = _later(head, refusal, arrived, link)
    turned = Turned(link.name if link else "", arrived.at, arrived.payload, answer or b"", reason, later)
    return Refused(turned, answer, stranger=refusal.reason == admission.STRANGER)


def _later(head: Head | None, refusal: Refusal | None, arrived: Arrived, link: Link | None) -> Later | None:
    """The application acknowledgement, where it has a destination of its own and is asked for."""
    if head is None or link is None or not link.answers_to:
        return None
    key = f"{arrived.key}/application"
    content = acknowledge.application(head, refusal, Stamp(key, arrived.at))
    return None if content is None else Later(str(uuid.uuid5(_ANSWERS, key)), link.answers_to, content)


_ANSWERS = uuid.UUID("a0c0a0de-6a3e-5d43-9b60-0c9f8a1e7d22")
_REUSED = Refusal(
    Code.APPLICATION,
    "duplicate-control-id",
    "MSH-10 was used before with other content; each message must have its own",
    Place("MSH", field=10),
)
