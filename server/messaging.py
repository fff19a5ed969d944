"""Applies acknowledged HL7 v2 messages: claims one, reads it, makes what it says stand, settles it.

A message that cannot be applied holds up its own patient at most. What a person must look at is held with the
reason; what is about something that has not come yet is tried again for a day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.applying.known import Doubt
from server.applying.merging import Merging, demand_mergeable, merging
from server.applying.script import Script, Setting, script, stale_after
from server.errors import Category, Fault
from server.hl7v2.link import Link
from server.hl7v2.mapping.drafts import Merge, Story
from server.hl7v2.refusal import Refusal
from server.log import logger
from server.messages import Message, MessageClaim, Settled, Standing
from server.model import Document
from server.ports import Courier, LeaseLost, Resource, Shelf
from server.routing.deadlines import retry_delay
from server.store.inbox import MessageStore
from server.store.later_answers import LaterAnswers, LaterClaim
from server.worker import foreseen

_ADT = "ADT^"
_ACK, _HL7 = "ack", "application/hl7-v2"
_UNLINKED = "the link by which it came is no longer configured"
_AGAIN = timedelta(minutes=10)

Read = Callable[[bytes, Link, datetime], Story]
"""Bytes, link, when they came -> what they say. Raises Fault, Refusal."""
Write = Callable[[Resource, MessageClaim], None]
"""A transaction through the FHIR door, as part of what came with this message. Raises Fault."""
Join = Callable[[Merging, MessageClaim], None]
"""Two records made one, in one commit. Raises Fault."""


@dataclass(frozen=True, slots=True)
class MessageWorker:
    """Applies one due message at a time."""

    inbox: MessageStore
    links: Callable[[], Mapping[str, Link]]
    read: Read
    shelf: Shelf
    write: Write
    join: Join
    now: Callable[[], datetime]
    attempts: int

    def once(self) -> bool:
        """Apply what is due; False when nothing is."""
        claim = self.inbox.claim(self.now())
        if claim is None:
            return False
        try:
            settled = self._settled(claim)
            self.inbox.settle(claim, settled, self.now())
        except LeaseLost:
            logger().warning("lease lost", message=claim.message.id)
            return True
        _tell(claim.message, settled)
        return True

    def _settled(self, claim: MessageClaim) -> Settled:
        try:
            return foreseen(lambda: self._applied(claim), message=claim.message.id)
        except Fault as failure:
            return self._failed(claim.message, failure)

    def _applied(self, claim: MessageClaim) -> Settled:
        link = self.links().get(claim.message.link)
        if link is None:
            return Settled(Standing.HELD, (_UNLINKED,))
        try:
            story = self.read(claim.raw, link, claim.message.received_at)
        except Refusal as refusal:  # what is agreed with its sender has changed since it was acknowledged
            return Settled(Standing.HELD, (str(refusal),))
        try:
            made = self._written(story, claim)
            for each in story.merges:
                self._join(each, claim)
        except Doubt as doubt:
            return Settled(Standing.HELD, doubt.reasons, story.notes)
        if made.lacking:
            return self._parked(claim.message, made.lacking)
        patients = made.patients if claim.message.kind.startswith(_ADT) else ()
        return Settled(Standing.APPLIED, notes=(*story.notes, *made.notes), changed=patients)

    def _written(self, story: Story, claim: MessageClaim) -> Script:
        message = claim.message
        adt, stale = message.kind.startswith(_ADT), list[str]()

        def newest(patient: str) -> bool:
            """Of one who was merged meanwhile what was said of either counts."""
            latest = self.inbox.latest(patient)
            if adt and latest is not None and message.happened_at < latest:
                stale.append(patient)
                return False
            return adt

        for each in story.merges:
            demand_mergeable(self.shelf, each)
        with self.shelf.snapshot() as still:
            made = script(story, Setting(still, message.id, self.now(), newest, message.accepted))
        if stale:
            made.notes.append("older-event: the patient's data are newer than this message")
        if made.entries:
            self.write(made.bundle, claim)
        return made

    def _join(self, said: Merge, claim: MessageClaim) -> None:
        made = merging(self.shelf, said, self.now())
        if made.writes:
            self.join(made, claim)

    def _parked(self, message: Message, why: str) -> Settled:
        until = stale_after(message.received_at)
        if self.now() >= until:
            return Settled(Standing.HELD, (f"{why}; it was waited for",))
        return Settled(Standing.PARKED, (why,), due_at=min(until, self.now() + _AGAIN))

    def _failed(self, message: Message, failure: Fault) -> Settled:
        """What passes is tried again; what the door refuses is for a person, and at last an error of ours."""
        why = tuple(f"{each.path}: {each.text}" if each.path else each.text for each in failure.issues)
        passes = failure.category.ours or failure.category is Category.STALE
        if not passes:
            return Settled(Standing.HELD, why)
        attempt = message.attempts + 1
        if failure.category is Category.BROKEN and attempt >= self.attempts:
            return Settled(Standing.FAULTED, why)
        return Settled(Standing.WAITING, why, due_at=self.now() + retry_delay(attempt, message.id))


@dataclass(frozen=True, slots=True)
class AnswerWorker:
    """Sends application acknowledgements that have a destination of their own, one at a time."""

    answers: LaterAnswers
    courier: Courier
    now: Callable[[], datetime]

    def once(self) -> bool:
        """Send one that is due; False when none is."""
        claim = self.answers.claim(self.now())
        if claim is None:
            return False
        later = claim.later
        document = Document(later.id, _ACK, later.destination, _HL7, later.content)
        try:
            foreseen(lambda: self.courier.deliver(document, claim.attempt), document=later.id)
        except Fault as failure:
            self._failed(claim, failure)
            return True
        self.answers.done(claim)
        logger().info("application acknowledgement taken", document=later.id)
        return True

    def _failed(self, claim: LaterClaim, failure: Fault) -> None:
        """Nobody waits for one for more than a day; what its receiver refuses it will refuse again."""
        again = self.now() + retry_delay(claim.attempt, claim.later.id)
        over = not failure.category.ours or again > stale_after(claim.made_at)
        logger().warning("application acknowledgement not taken", document=claim.later.id, given_up=over)
        if over:
            self.answers.done(claim)
        else:
            self.answers.again(claim, again)


def _tell(message: Message, settled: Settled) -> None:
    say = logger().info if settled.standing is Standing.APPLIED else logger().warning
    say(
        "message",
        message=message.id,
        link=message.link,
        kind=message.kind,
        standing=settled.standing.value,
        reasons=settled.reasons,
        notes=settled.notes,
    )
