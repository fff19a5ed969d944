"""Who takes a document: by its destination's name, archives apart from FHIR servers."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Thread

import pytest

from server.clock import now
from server.couriers import Couriers, web_lines, with_archives
from server.dicom.send.courier import PacsCourier
from server.errors import Category
from server.fhir.courier import FhirCourier
from server.fhir.smart.logins import Logins
from server.hl7v2.send.courier import MllpCourier
from server.leases import delivery_lease
from server.model import (
    Destination,
    DicomNode,
    Document,
    Hl7Destination,
    Hl7Kind,
    Hl7Terms,
    PacsDestination,
    PacsKind,
    Receipt,
    Trust,
)
from server.ports import Undelivered
from server.store.commitments import CommitmentStore
from server.workers import delivery_worker
from tests.dicom.send.objects import document
from tests.world import World

NODE = DicomNode("PACS", "127.0.0.1", 1, "SECONDREADER", None)
PACS = PacsDestination("pacs", ("ehr",), frozenset(PacsKind), timedelta(seconds=1), NODE)
RIS = Hl7Destination(
    "ris",
    ("ehr",),
    (),
    frozenset(Hl7Kind),
    "127.0.0.1",
    1,
    timedelta(seconds=1),
    Hl7Terms(("US", ""), ("RIS", "")),
)
WEB = replace(PACS, at=Destination("pacs", "http://127.0.0.1:1/dicom-web", (), timedelta(seconds=1)))


@dataclass
class Noted:
    """Takes everything."""

    taken: list[str] = field(default_factory=list)

    def deliver(self, document: Document, attempt: int) -> Receipt:
        self.taken.append(f"{document.destination}:{attempt}")
        return Receipt(200, (), "accepted")


def test_the_name_decides() -> None:
    fhir, archive = Noted(), Noted()
    couriers = Couriers(fhir, {"pacs": archive})
    couriers.deliver(document(1), 2)
    couriers.deliver(document(1, "ehr"), 1)
    assert (fhir.taken, archive.taken) == (["ehr:1"], ["pacs:2"])


@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("archive", "said"), [(PACS, "cannot be reached"), (WEB, "no whole answer came")])
def test_an_archive_is_dialled_by_the_node_or_by_the_web(
    world: World, archive: PacsDestination, said: str
) -> None:
    logins = Logins(now)
    store = CommitmentStore(world.house.database)
    couriers = with_archives(Couriers(FhirCourier((), logins), {}), [archive], store, logins, now)
    with pytest.raises(Undelivered, match=said) as no:
        couriers.deliver(document(), 1)
    assert no.value.category is Category.UNAVAILABLE
    assert no.value.untouched


def test_who_has_heard_one_byte_may_have_all_of_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        hangs_up = Thread(target=_hang_up, args=(server,))
        hangs_up.start()
        base = f"http://127.0.0.1:{server.getsockname()[1]}/dicom-web"
        there = Destination("pacs", base, (), timedelta(seconds=5))
        with pytest.raises(Undelivered) as no, web_lines(Logins(now))(there) as line:
            line.ask("POST", "/studies", {}, b"an object", (200,))
        hangs_up.join()
    assert not no.value.untouched


def _hang_up(server: socket.socket) -> None:
    peer, _ = server.accept()
    with peer:
        peer.recv(1)


def test_the_worker_has_archives_and_receivers_where_there_are_some(world: World) -> None:
    logins = Logins(now)
    alone = delivery_worker(world.house, logins).courier
    assert isinstance(alone, Couriers)
    assert (type(alone.fhir), alone.others) == (FhirCourier, {})
    house = replace(world.house, archives=(PACS,), receivers=(RIS,))
    courier = delivery_worker(house, logins).courier
    assert isinstance(courier, Couriers)
    assert {name: type(each) for name, each in courier.others.items()} == {
        "pacs": PacsCourier,
        "ris": MllpCourier,
    }


def test_a_lease_lasts_as_long_as_the_slowest_archive_may_take() -> None:
    slow = replace(PACS, timeout=timedelta(seconds=90), at=replace(NODE, trust=Trust()))
    assert delivery_lease((), timedelta(seconds=60), [slow]) == timedelta(seconds=60 + 4 * 90)


def test_a_lease_lasts_as_long_as_the_slowest_receiver_may_take() -> None:
    slow = replace(RIS, timeout=timedelta(seconds=90))
    assert delivery_lease((), timedelta(seconds=60), [], [slow]) == timedelta(seconds=60 + 4 * 90)
