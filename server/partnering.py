"""The worker that looks at partners, put together: our door, a line to each, an errand for each Task."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from server.caller import EVERYBODY
from server.clock import now
from server.fhir.audit.witness import Witness
from server.fhir.line import Line, connect
from server.fhir.partner.asking import LARGEST
from server.fhir.partner.errand import Errand
from server.fhir.partner.visit import Visit
from server.fhir.smart.logins import Logins
from server.model import Card, Coding, Destination
from server.polling import PartnerWorker
from server.wiring import House, desk


def partner_worker(house: House, logins: Logins, now: Callable[[], datetime] = now) -> PartnerWorker:
    """A worker that looks for Tasks that partners keep for us, and takes them in."""
    door, codes = desk(house, now), {name: _codes(card) for name, card in house.cards.items()}

    def visit(destination: Destination, keep: Callable[[], None]) -> Visit:
        if destination.polling is None:
            raise TypeError("only a partner that is polled is looked at")
        return Visit(
            destination=destination,
            polling=destination.polling,
            dial=lambda: Line(
                destination, connect(destination), logins.for_line(destination), largest=LARGEST
            ),
            errand=lambda line: Errand(
                line, destination.base, door.of(EVERYBODY, seen(destination)), codes, now
            ),
            keep=keep,
        )

    def seen(partner: Destination) -> Witness:
        return Witness(door.trail, now(), partner.name, partner.name, partner.base)

    house.partners.enlist(tuple(house.polled), now())
    return PartnerWorker(house.partners, house.polled, visit, now)


def _codes(card: Card) -> tuple[Coding, ...]:
    """What the card's input contract reads."""
    return tuple(code for feature in card.contract.features for code in feature.codes)
