"""What the process ``work`` runs: carriers of cases, documents and notifications, and a poller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from server.clock import now
from server.completeness import Inquiry
from server.couriers import Couriers, with_archives, with_receivers
from server.dicom.peers import load_peers
from server.drifting import Watches, drift_watch
from server.fhir.courier import FhirCourier
from server.fhir.pens.correspondence import Operator
from server.fhir.smart.logins import Logins
from server.fhir.subscriptions.addresses import Reachable
from server.fhir.subscriptions.courier import NoticeCourier
from server.keys import audit_key
from server.leases import delivery_lease
from server.looking import Looks
from server.model import Document, GateKey, Passed, Track, Withdrawal
from server.notifier import Notifier
from server.policies import PolicyBook
from server.ports import Reader, Waiting
from server.reader.explanation import explain
from server.steps.casefile import Tools
from server.steps.roster import Roster
from server.stopping import StopWatch
from server.store.commitments import CommitmentStore
from server.store.deliveries import Deliveries
from server.store.earlier import EarlierReads
from server.store.gates import GateStore
from server.store.inquiries import Inquiries
from server.store.later_answers import LaterAnswers
from server.store.ledger import Ledger
from server.store.performed import PerformedSteps
from server.wiring import House, audit_clerk, desk
from server.worker import CaseWorker, DeliveryWorker

if TYPE_CHECKING:
    from server.inquiring import InquiryWorker
    from server.messaging import AnswerWorker, MessageWorker

T = TypeVar("T")
_MOST_OF_A_MESSAGE = 50_000
"""Resources; a message of 16 MiB holds at most so many results that say anything."""
_LARGEST = 128 * 1024 * 1024
"""Bytes of the transaction: JSON is longer than what it was made of."""


@dataclass(frozen=True, slots=True)
class Files:
    """Case files and deliveries, as the steps see them."""

    ledger: Ledger
    deliveries: Deliveries
    asked: Inquiries
    gates: GateStore

    def facts(self, case_id: str, kind: str, type_: type[T]) -> list[T]:
        return self.ledger.facts(case_id, kind, type_)

    def undelivered(self, case_id: str) -> int:
        return self.deliveries.undelivered(case_id)

    def documents(self, case_id: str, kind: str) -> list[Document]:
        return self.deliveries.documents(case_id, kind)

    def waiting(self, case_id: str) -> list[Waiting]:
        return self.deliveries.waiting(case_id)

    def inquiries(self, case_id: str) -> tuple[Inquiry, ...]:
        return self.asked.of(case_id)

    def tracks(self, question: str, at: datetime) -> Mapping[str, Track]:
        return self.ledger.tracks(question, at)

    def passed(self, key: GateKey, since: datetime) -> Passed:
        return self.gates.passed(key, since)

    def asked_again(self, case_id: str) -> bool:
        return self.ledger.asked_again(case_id)

    def withdrawn(self, card: str) -> Withdrawal | None:
        return self.ledger.withdrawn(card)


def case_worker(house: House, readers: Callable[[str], Reader]) -> CaseWorker:
    """A worker that carries cases."""
    tools = Tools(
        shelf=house.shelf,
        files=Files(house.ledger, house.deliveries, house.inquiries, GateStore(house.database)),
        images=house.images,
        steps=PerformedSteps(house.database),
        cards=house.cards,
        others=house.others,
        policies=PolicyBook(house.policies, house.rulings),
        reader=readers,
        explain=explain,
        operator=Operator(house.settings.operator),
        audit_key=audit_key(house.settings.data),
        content=house.vault.get,
        roster=Roster(house.shelf),
        archives=house.archives,
        receivers=house.receivers,
        issuers=load_peers(house.settings.dicom_peers).issuers,
        earlier=EarlierReads(house.database),
        looked=Looks(audit_clerk(house), house.shelf, house.clients),
    )
    return CaseWorker(house.ledger, tools, now, house.settings.step_attempts, watches(house).look)


def watches(house: House, now: Callable[[], datetime] = now) -> Watches:
    """Who asks the stop rules, and looks for drift."""
    return Watches(StopWatch(house.cards, house.rulings, now), drift_watch(house, now))


def delivery_worker(house: House, logins: Logins) -> DeliveryWorker:
    """A worker that carries documents out."""
    couriers = Couriers(FhirCourier(house.destinations, logins), {})
    if house.archives:
        couriers = with_archives(couriers, house.archives, CommitmentStore(house.database), logins, now)
    if house.receivers:
        couriers = with_receivers(couriers, house.receivers)
    return DeliveryWorker(house.deliveries, couriers, now)


def inquiry_worker(house: House, logins: Logins) -> InquiryWorker | None:
    """A worker that asks archives; None where none is to be asked."""
    if not any(each.ask for each in house.archives):
        return None
    # Who asks nobody waits for no DICOM.
    from server.dicom.receive.staging import Staging  # noqa: PLC0415
    from server.holding import ObjectHolding  # noqa: PLC0415
    from server.inquiring import InquiryWorker, askable, asked_archives  # noqa: PLC0415

    holding = ObjectHolding(Staging(house.vault), house.images)
    speak = askable(holding, logins, now)
    return InquiryWorker(house.inquiries, asked_archives(house.archives), speak, house.images, now)


def message_worker(house: House, now: Callable[[], datetime] = now) -> MessageWorker:
    """A worker that applies acknowledged HL7 v2 messages."""
    from server.applying.through import Through  # noqa: PLC0415 - the grammar of every version is loaded here
    from server.hearing import links_file  # noqa: PLC0415
    from server.hl7v2.mapping.story import story  # noqa: PLC0415
    from server.hl7v2.reading import message  # noqa: PLC0415
    from server.messaging import MessageWorker  # noqa: PLC0415

    # One message is one transaction: its limits are those of the message, which have been held already.
    through = Through(replace(desk(house, now), max_entries=_MOST_OF_A_MESSAGE, max_bundle=_LARGEST), now)
    return MessageWorker(
        inbox=house.inbox,
        links=links_file(house.settings).current,
        read=lambda raw, link, at: story(message(raw, link), link, at),
        shelf=house.shelf,
        write=through.write,
        join=through.join,
        now=now,
        attempts=house.settings.step_attempts,
    )


def answer_worker(house: House, now: Callable[[], datetime] = now) -> AnswerWorker | None:
    """A worker that sends application acknowledgements; None where nobody is told in HL7 v2."""
    if not house.receivers:
        return None
    from server.hl7v2.send.courier import MllpCourier  # noqa: PLC0415 - as above
    from server.messaging import AnswerWorker  # noqa: PLC0415

    answers = LaterAnswers(house.database, delivery_lease((), house.settings.lease, (), house.receivers))
    return AnswerWorker(answers, MllpCourier(house.receivers), now)


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
