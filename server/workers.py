"""What the process ``work`` runs: carriers of cases, documents and notifications, and a poller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from server.clock import now
from server.fhir.courier import FhirCourier
from server.fhir.line import Line, connect
from server.fhir.partner.asking import LARGEST
from server.fhir.partner.errand import Errand
from server.fhir.partner.visit import Visit
from server.fhir.pens.correspondence import Operator
from server.fhir.smart.logins import Logins
from server.fhir.subscriptions.addresses import Reachable
from server.fhir.subscriptions.courier import NoticeCourier
from server.model import Card, Coding, Destination, Document, Withdrawal
from server.notifier import Notifier
from server.polling import PartnerWorker
from server.ports import Reader
from server.reader.explanation import explain
from server.steps.casefile import Tools
from server.store.deliveries import Deliveries
from server.store.ledger import Ledger
from server.wiring import House, desk, secret
from server.worker import CaseWorker, DeliveryWorker

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Files:
    """Case files and deliveries, as the steps see them."""

    ledger: Ledger
    deliveries: Deliveries

    def facts(self, case_id: str, kind: str, type_: type[T]) -> list[T]:
        return self.ledger.facts(case_id, kind, type_)

    def undelivered(self, case_id: str) -> int:
        return self.deliveries.undelivered(case_id)

    def documents(self, case_id: str, kind: str) -> list[Document]:
        return self.deliveries.documents(case_id, kind)

    def withdrawn(self, card: str) -> Withdrawal | None:
        return self.ledger.withdrawn(card)


def case_worker(house: House, readers: Callable[[str], Reader]) -> CaseWorker:
    """A worker that carries cases."""
    tools = Tools(
        shelf=house.shelf,
        files=Files(house.ledger, house.deliveries),
        cards=house.cards,
        policies=house.policies,
        reader=readers,
        explain=explain,
        operator=Operator(house.settings.operator),
        audit_key=audit_key(house.settings.data),
    )
    return CaseWorker(house.ledger, tools, now, house.settings.step_attempts)


def delivery_worker(house: House, logins: Logins) -> DeliveryWorker:
    """A worker that carries documents out."""
    return DeliveryWorker(house.deliveries, FhirCourier(house.destinations, logins), now)


def partner_worker(house: House, logins: Logins, now: Callable[[], datetime] = now) -> PartnerWorker:
    """A worker that looks for Tasks that partners keep for us, and takes them in."""
    door, codes = desk(house), {name: _codes(card) for name, card in house.cards.items()}

    def visit(destination: Destination, keep: Callable[[], None]) -> Visit:
        if destination.polling is None:
            raise TypeError("only a partner that is polled is looked at")
        return Visit(
            destination=destination,
            polling=destination.polling,
            dial=lambda: Line(
                destination, connect(destination), logins.for_line(destination), largest=LARGEST
            ),
            errand=lambda line: Errand(line, destination.base, door, codes, now),
            keep=keep,
        )

    house.partners.enlist(tuple(house.polled), now())
    return PartnerWorker(house.partners, house.polled, visit, now)


def _codes(card: Card) -> tuple[Coding, ...]:
    """What the card's input contract reads."""
    return tuple(code for feature in card.contract.features for code in feature.codes)


def notifier(house: House) -> Notifier:
    """A worker that tells subscribers."""
    courier = NoticeCourier(
        shelf=house.shelf,
        seals=house.ledger,
        notices=house.notifications,
        clients=house.clients,
        base=house.settings.fhir_base,
        reachable=Reachable(house.settings.subscribers),
        now=now,
    )
    return Notifier(house.notifications, courier, house.shelf.read, now)


def audit_key(data: Path) -> bytes:
    """The key of the audit lottery: repeatable for a case, and nobody can foresee it."""
    return secret(data, "audit.key", 32)
