"""By the FHIR door's own transaction: the same rules, the same durability, the same record of who wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from server.accesses import Doing
from server.applying.merging import Merging
from server.caller import EVERYBODY
from server.errors import Category, fault
from server.fhir.audit.witness import Witness
from server.fhir.bundle import bundle
from server.fhir.desk import Desk
from server.fhir.exchange import JSON, Request, Response
from server.fhir.write import dump
from server.messages import MessageClaim
from server.ports import Arrival, Intake, Raced, Resource

DOOR = "hl7v2"


@dataclass(frozen=True, slots=True)
class Through:
    """The desk as a link finds it."""

    desk: Desk
    now: Callable[[], datetime]

    def write(self, transaction: Resource, claim: MessageClaim) -> None:
        """Raises Fault: the door's refusal, or STALE when somebody else was faster."""
        body = dump(transaction)
        request = Request(
            "POST", "/", "", {"content-type": JSON}, body, self.now(), door=DOOR, batch=_arrival(claim)
        )
        with self._witness(claim) as witness:
            bundle(self.desk.of(EVERYBODY, witness), request, ask=_nothing_is_read)

    def join(self, made: Merging, claim: MessageClaim) -> None:
        """Raises Fault(STALE) when somebody else was faster."""
        witness = self._witness(claim)
        accesses = tuple(
            witness.access(Doing.UPDATE, (f"{each.type}/{each.id}/_history/{each.version}",), each.type)
            for each in made.writes
        )
        try:
            self.desk.intakes.take(Intake(_arrival(claim), made.writes, accesses=accesses, merged=made.cases))
        except Raced as raced:
            text = "others are writing about the same patient; it is tried again"
            raise fault(Category.STALE, "conflict", text) from raced

    def _witness(self, claim: MessageClaim) -> Witness:
        message = claim.message
        return Witness(self.desk.trail, self.now(), message.link, message.link, message.sender, message.id)


def _arrival(claim: MessageClaim) -> Arrival:
    """It is stored already, as it came."""
    message = claim.message
    digest = hashlib.sha256(claim.raw).hexdigest()
    return Arrival(message.id, DOOR, message.kind, message.received_at, claim.raw, digest, shared=True)


def _nothing_is_read(request: Request) -> Response:
    del request
    raise fault(Category.NOT_ALLOWED, "not-supported", "nothing is read here")
