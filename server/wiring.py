"""The composition root: the one place where rooms are put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from server.access.doorkeeper import Doorkeeper
from server.access.exchange import Exchange
from server.access.keys import KeyRing
from server.access.register import Register, checked
from server.access.tokens import Tokens
from server.access.wellknown import token_address
from server.arbitration import final_address
from server.auditing import AuditClerk
from server.caller import EVERYBODY, Caller
from server.clock import now
from server.completing import StudyCalls
from server.configuration import load_configuration, load_other_models
from server.destinations import load_destinations, load_pacs, load_receivers
from server.fhir.access import demand_holdable
from server.fhir.admission import Admission
from server.fhir.desk import Desk
from server.fhir.published import Published, published
from server.fhir.query.controls import Sizes
from server.fhir.smart.sound import demand_sound
from server.fhir.subscriptions.addresses import Reachable
from server.fhir.subscriptions.listening import TopicListening
from server.fhir.subscriptions.sight import Clients
from server.hl7v2.links import demand_known
from server.keys import audit_key, secret
from server.leases import delivery_lease, heard, inquiry_lease, reached
from server.log import logger
from server.model import Card, Destination, Hl7Destination, PacsDestination, Policy
from server.policies import Rulings, rulings, take_up
from server.settings import Settings
from server.store.accesses import Accesses
from server.store.assertions import UsedAssertions
from server.store.database import Database, prepare_folder
from server.store.deliveries import Deliveries
from server.store.images import ImageStore
from server.store.inbox import MessageStore
from server.store.inquiries import Inquiries
from server.store.intake import IntakeDesk
from server.store.ledger import Ledger
from server.store.migrate import demand_current, migrate
from server.store.notifications import Notifications
from server.store.partners import Partners
from server.store.resources import Resources
from server.store.subscriptions import Subscriptions
from server.store.vault import Vault


@dataclass(frozen=True, slots=True)
class House:
    """What every process of the server shares: configuration and store."""

    settings: Settings
    destinations: tuple[Destination, ...]
    cards: Mapping[str, Card]
    others: Mapping[str, Card]
    """Other models, which assess where a patient asks for one; by question."""
    policies: Mapping[str, Policy]
    """As they were in force when this process started."""
    rulings: Rulings
    database: Database
    vault: Vault
    ledger: Ledger
    deliveries: Deliveries
    partners: Partners
    shelf: Resources
    images: ImageStore
    subscribers: Subscriptions
    notifications: Notifications
    clients: Clients
    """client_id -> what that system may do at most, now."""
    accesses: Accesses
    """Who touched what, until it is an AuditEvent."""
    inquiries: Inquiries
    """What archives are asked."""
    inbox: MessageStore
    """HL7 v2 messages."""
    archives: tuple[PacsDestination, ...] = ()
    """Where DICOM objects go."""
    receivers: tuple[Hl7Destination, ...] = ()
    """Who is told in HL7 v2."""

    def close(self) -> None:
        """Let go of everything that is open."""
        self.accesses.close()
        self.database.close()

    @property
    def models(self) -> tuple[Card, ...]:
        """The cards of all that read here."""
        return (*self.cards.values(), *self.others.values())

    @property
    def polled(self) -> Mapping[str, Destination]:
        """The destinations that keep Tasks for us, by name."""
        return {each.name: each for each in self.destinations if each.polling is not None}


def build(settings: Settings, *, judged: bool = True) -> House:
    """Open the house; unless ``judged``, also with a policy in force that does not go with its card.

    Raises:
        Fault: a configuration file, the data folder, or the schema is not as it must be.
    """
    destinations, archives, receivers = sound_destinations(settings.destinations)
    if settings.clients is not None:
        checked(settings.clients, lambda scope: demand_holdable(scope, settings.fhir_base))
    cards, _ = load_configuration(settings)
    if settings.mllp_door:
        demand_known(settings.mllp_links, cards, [each.name for each in receivers])
    prepare_folder(settings.data)
    database = Database(settings.database)
    database.about()  # what stands in the way of a start is told in full
    demand_current(database)
    kept = rulings(database)
    policies = take_up(settings.policies, cards if judged else {}, kept.changes, now())
    clients = registered(settings)
    subscribers = subscriptions(settings, clients)
    vault = Vault(settings.data)
    return House(
        settings=settings,
        destinations=destinations,
        cards=cards,
        others=load_other_models(settings, cards),
        policies=policies,
        rulings=kept,
        database=database,
        vault=vault,
        ledger=Ledger(database, settings.lease, subscribers),
        deliveries=Deliveries(database, delivery_lease(destinations, settings.lease, archives, receivers)),
        partners=Partners(database, delivery_lease(destinations, settings.lease)),
        shelf=Resources(database),
        images=ImageStore(database),
        subscribers=subscribers,
        notifications=Notifications(database, subscribers, settings.lease),
        clients=clients,
        accesses=accesses(settings, database),
        inquiries=Inquiries(database, inquiry_lease(archives, policies.values(), settings.lease)),
        inbox=MessageStore(database, vault, settings.lease),
        archives=archives,
        receivers=receivers,
    )


def accesses(settings: Settings, database: Database) -> Accesses:
    """Beside an SQLite database there is a file of its own for them."""
    return Accesses(database, None if settings.database_url else settings.data)


def audit_clerk(house: House, now: Callable[[], datetime] = now) -> AuditClerk:
    """Lays accesses down, and makes AuditEvents of them."""
    return AuditClerk(house.accesses, house.shelf, house.settings.fhir_base, now)


def registered(settings: Settings) -> Clients:
    """What each client may do at most, as the clients file says now; everybody anything without one."""
    if settings.clients is None:
        return lambda _: EVERYBODY
    register = register_of(settings.clients, settings.fhir_base)

    def client(id_: str) -> Caller | None:
        found = register.current().get(id_)
        return (
            None
            if found is None
            else Caller(found.id, found.name, found.scopes, found.roles, found.speaks_for)
        )

    return client


def subscriptions(settings: Settings, clients: Clients) -> Subscriptions:
    """Who numbers what happens for whom."""
    return Subscriptions(TopicListening(settings.fhir_base, clients), settings.notify_for)


def sound_destinations(
    path: Path | None,
) -> tuple[tuple[Destination, ...], tuple[PacsDestination, ...], tuple[Hl7Destination, ...]]:
    """Raises Fault(INCORRECT) when the file, or a key or certificate that it names, cannot be used."""
    found, archives, receivers = load_destinations(path), load_pacs(path), load_receivers(path)
    for each in (*found, *map(reached, archives), *map(heard, receivers)):
        demand_sound(each)
    return found, archives, receivers


def bring_up_to_date(settings: Settings) -> tuple[str | None, str]:
    """Make the schema the one that this version needs; returns (before, after)."""
    prepare_folder(settings.data)
    database = Database(settings.database)
    try:
        return migrate(database)
    finally:
        database.close()


def desk(house: House, now: Callable[[], datetime] = now) -> Desk:
    """The FHIR door's desk."""
    return Desk(
        shelf=Published(house.shelf, published(house.cards.values())),
        intakes=IntakeDesk(house.database, house.vault, house.subscribers),
        seals=house.ledger,
        withdrawals=house.ledger,
        completing=StudyCalls(house),
        admission=Admission(
            frozenset(house.cards), (*house.destinations, *house.receivers), house.cards, house.others
        ),
        notices=house.notifications,
        trail=audit_clerk(house, now),
        reachable=Reachable(house.settings.subscribers),
        base=house.settings.fhir_base,
        max_resource=house.settings.max_resource,
        max_bundle=house.settings.max_body,
        max_entries=house.settings.max_entries,
        sizes=Sizes(most=house.settings.max_page),
        max_included=house.settings.max_included,
        final_address=partial(final_address, audit_key(house.settings.data)),
        secured=house.settings.clients is not None,
    )


@dataclass(frozen=True, slots=True)
class Entrance:
    """Who may come in, and how they get there."""

    caller: Callable[[str, datetime], Caller]
    """From an Authorization header to who asks."""
    exchange: Exchange | None
    """None where nobody is told apart: then there are no tokens."""


def entrance(house: House) -> Entrance:
    """Raises Fault(INCORRECT) when the clients file is not as it must be."""
    path, base = house.settings.clients, house.settings.fhir_base
    if path is None:
        logger().warning(
            "nobody is told apart: whoever reaches this address may read and write everything",
            address=base,
            mend="SECOND_READER_CLIENTS",
        )
        return Entrance(lambda _, __: EVERYBODY, None)
    register = register_of(path, base)
    tokens = Tokens(secret(house.settings.data, "token.key", 48), base)
    exchange = Exchange(
        register=register,
        keys=KeyRing(),
        used=UsedAssertions(house.database),
        tokens=tokens,
        address=token_address(base),
        demand=lambda scope: demand_holdable(scope, base),
    )
    return Entrance(Doorkeeper(register, tokens), exchange)


def register_of(path: Path, base: str) -> Register:
    """Raises Fault(INCORRECT) when the clients file is not as it must be."""
    return Register(
        path,
        lambda scope: demand_holdable(scope, base),
        lambda text: logger().error("the changed clients file is not used; the one before stays", error=text),
    )
