"""The courier against archives that others wrote: Orthanc (commitment, DICOMweb) and DCMTK's dcmqrscp."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from server.couriers import Couriers, with_archives
from server.dicom.send.courier import PacsCourier
from server.fhir.courier import FhirCourier
from server.fhir.smart.logins import Logins
from server.model import Commitment, Destination, PacsDestination, PacsKind
from server.store.commitments import CommitmentStore
from server.store.database import Database
from server.store.deliveries import Deliveries
from server.worker import DeliveryWorker
from tests.dicom.send.conftest import HOURS, LETS_GO, OURS, Sender, no_web, to
from tests.dicom.send.foreign import Foreign, dcmqrscp, orthanc
from tests.dicom.send.objects import CAPTURE, STUDY, document, part10, uid
from tests.dicom.send.test_courier import settle, wait_until

FILM = part10(2, CAPTURE, pixels=500_000)
pytestmark = LETS_GO
NOWHERE = 1
"""A port on which nobody listens."""


@pytest.fixture
def pacs(tmp_path: Path, ear: tuple[str, int]) -> Iterator[Foreign]:
    with orthanc(tmp_path / "orthanc", OURS, ear) as running:
        yield running


@pytest.fixture
def qr(tmp_path: Path) -> Iterator[Foreign]:
    with dcmqrscp(tmp_path / "qr", OURS) as running:
        yield running


def by_web(pacs: Foreign) -> PacsDestination:
    web = Destination("pacs", f"{pacs.http}/dicom-web", (), timedelta(seconds=20))
    return PacsDestination("pacs", ("ehr",), frozenset(PacsKind), timedelta(seconds=20), web)


def worker(sender: Sender, archive: PacsDestination) -> DeliveryWorker:
    """As ``server.workers`` puts it together."""
    logins = Logins(sender.now)
    fhir = Couriers(FhirCourier((), logins), {})
    courier = with_archives(fhir, [archive], sender.commitments, logins, sender.now)
    return DeliveryWorker(Deliveries(sender.database, timedelta(minutes=2)), courier, sender.now)


def held(pacs: Foreign) -> int:
    return int(pacs.orthanc("/statistics")["CountInstances"])


def test_orthanc_commits_on_an_association_of_its_own(sender: Sender, pacs: Foreign) -> None:
    sender.linger = 0.0
    sender.queue(document(), document(2, content=FILM))
    sending = sender.worker(to(pacs))
    for number in (1, 2):
        settle(sending, sender, f"d{number}")
        assert sender.row(f"d{number}").last_outcome == "committed, status 0000"
    assert held(pacs) == 2


def test_orthanc_is_looked_at_before_anything_is_sent_again(sender: Sender, pacs: Foreign) -> None:
    """As after an answer that was lost: it is there, and nobody here knows."""
    sender.queue(document())
    away = to(pacs, timeout=1.0)
    assert sender.worker(replace(away, at=replace(away.at, port=NOWHERE))).once()
    httpx.post(f"{pacs.http}/instances", content=document().content, trust_env=False).raise_for_status()
    sender.forward(seconds=5)
    assert sender.worker(to(pacs, None)).once()
    assert (sender.state, sender.outcome) == ("delivered", "found, status 0000")
    assert held(pacs) == 1


class Emptied(CommitmentStore):
    """Before the archive is asked the first time, its operator deletes everything."""

    def __init__(self, database: Database, pacs: Foreign) -> None:
        super().__init__(database)
        self.pacs = pacs

    def ask(self, asked: Commitment, at: datetime) -> None:
        if not self.of(asked.document):
            for each in self.pacs.orthanc("/instances"):
                httpx.delete(f"{self.pacs.http}/instances/{each}", trust_env=False).raise_for_status()
        super().ask(asked, at)


def test_orthanc_says_what_it_has_not_and_gets_it_again(sender: Sender, pacs: Foreign) -> None:
    sender.queue(document())
    courier = PacsCourier([to(pacs)], Emptied(sender.database, pacs), no_web, sender.now, 0.0)
    sending = DeliveryWorker(Deliveries(sender.database, timedelta(minutes=2)), courier, sender.now)
    wait_until(lambda: sending.once() and sender.state == "waiting")
    assert held(pacs) == 0
    assert (sender.state, sender.outcome) == ("waiting", "the archive says 0112: it does not have the object")
    sender.forward(seconds=5)
    settle(sending, sender)
    assert held(pacs) == 1


def test_orthanc_takes_stow_and_a_search_tells(sender: Sender, pacs: Foreign) -> None:
    sender.queue(document(), document(2, content=FILM))
    sending = worker(sender, by_web(pacs))
    assert sending.once()
    assert sending.once()
    assert [sender.row(f"d{n}").last_outcome for n in (1, 2)] == ["found, HTTP 200"] * 2
    assert held(pacs) == 2
    [found] = pacs.orthanc(f"/dicom-web/studies/{STUDY}/instances?SOPInstanceUID={uid(2)}")
    assert found["00080018"]["Value"] == [uid(2)]


def test_dcmtk_stores_and_finds(sender: Sender, qr: Foreign) -> None:
    sender.queue(document(), document(2, content=FILM))
    sending = sender.worker(to(qr, None))
    assert sending.once()
    assert sending.once()
    assert [sender.row(f"d{n}").last_outcome for n in (1, 2)] == ["accepted, status 0000"] * 2
    assert len(list((qr.folder / "storage").glob("*.dcm"))) == 2


def test_dcmtk_is_looked_at_before_anything_is_sent_again(sender: Sender, qr: Foreign) -> None:
    sender.queue(document())
    assert sender.worker(to(qr, HOURS)).once()
    assert sender.state == "parked"
    assert "offers no storage commitment" in sender.outcome
    assert Deliveries(sender.database, HOURS).send_again("d1", sender.now(), HOURS)
    assert sender.worker(to(qr, None)).once()
    assert (sender.state, sender.outcome) == ("delivered", "found, status 0000")
    assert len(list((qr.folder / "storage").glob("*.dcm"))) == 1
