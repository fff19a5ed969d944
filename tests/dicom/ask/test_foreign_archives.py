"""Orthanc and DCMTK's archive, asked for counts and studies, and to give them: by DIMSE and by the web."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from conformance.peers.modality import Order, films
from server.dicom.ask import COUNT, Askable, counted
from server.dicom.receive.staging import Staging
from server.fhir.smart.logins import Logins
from server.holding import ObjectHolding
from server.inquiring import askable
from server.model import Asking, Destination, DicomNode, Fetching, PacsDestination
from server.ports import Undelivered
from server.store.database import Database
from server.store.images import ImageStore
from server.store.migrate import migrate
from server.store.vault import Vault
from tests.dicom.door import Door
from tests.dicom.send.conftest import LETS_GO
from tests.flow.archive import Archive, archive
from tests.flow.modality import dcmtk, demand_dcmtk
from tests.flow.processes import free_port, until
from tests.sockets import let_go

pytestmark = LETS_GO
SECONDS = timedelta(seconds=10)
ORDER = Order(patient_id="P-1", issuer="HOSPITAL", accession="A-1", study="1.2.826.0.1.3680043.8.498.9.1")
OTHER = replace(ORDER, study="1.2.826.0.1.3680043.8.498.9.2", accession="A-2")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[ObjectHolding, ImageStore]]:
    database = Database(tmp_path / "store.db")
    migrate(database)
    images = ImageStore(database)
    yield ObjectHolding(Staging(Vault(tmp_path / "house")), images), images
    database.close()
    let_go()


def part10(order: Order, count: int) -> list[bytes]:
    made = []
    for film in films(order, count, 64, 64):
        held = BytesIO()
        film.save_as(held, enforce_file_format=True)
        made.append(held.getvalue())
    return made


@contextmanager
def orthanc(folder: Path, holding: ObjectHolding) -> Iterator[tuple[Archive, int, int]]:
    """With three objects of one study and one of another; and our door, where it finds READER."""
    folder.mkdir()
    port = free_port()
    with (
        Door(folder, holding=holding) as door,
        archive(folder, "http://127.0.0.1:9", port, door.port) as peer,
    ):
        for each in (*part10(ORDER, 3), *part10(OTHER, 1)):
            peer.post("/instances", each)
        yield peer, port, peer.port


def by(way: Asking, fetch: Fetching, dicom: int, web: int) -> PacsDestination:
    node = DicomNode("ORTHANC", "127.0.0.1", dicom, "READER", None)
    at = (
        node if way is Asking.DIMSE else Destination("pacs", f"http://127.0.0.1:{web}/dicom-web", (), SECONDS)
    )
    return PacsDestination("pacs", ("ehr",), frozenset(), SECONDS, at, way, fetch)


WAYS = [
    (Asking.DIMSE, Fetching.MOVE, "ORTHANC>READER"),
    (Asking.DIMSE, Fetching.GET, "get:pacs"),
    (Asking.QIDO, Fetching.WADO, "wado:pacs"),
]


@pytest.mark.parametrize(("way", "fetch", "source"), WAYS)
def test_orthanc_counts_finds_and_gives(
    tmp_path: Path, house: tuple[ObjectHolding, ImageStore], way: Asking, fetch: Fetching, source: str
) -> None:
    holding, images = house
    with orthanc(tmp_path / "orthanc", holding) as (peer, dicom, web):
        asked = askable(holding, Logins(now), now)(by(way, fetch, dicom, web))
        assert counted(asked, ORDER.study) == (3, "")
        assert counted(asked, "1.2.3") == (None, "the archive does not have the study")
        found = {each["StudyInstanceUID"]: each for each in asked.find({"PatientID": "P-1"})}
        assert set(found) == {ORDER.study, OTHER.study}
        told = found[ORDER.study]
        assert (told["ModalitiesInStudy"], told["AccessionNumber"], told[COUNT]) == ("CR", "A-1", "3")
        assert asked.find({"PatientID": "P-2"}) == []
        assert asked.fetch(ORDER.study) == ""
        assert peer.get("/statistics").json()["CountInstances"] == 4
    here = images.study(ORDER.study)
    assert here is not None
    assert len(here.objects) == 3
    assert {each.source for each in here.objects} == {source}
    assert here.named.issuer == "HOSPITAL"
    assert images.study(OTHER.study) is None


def test_a_destination_that_the_archive_does_not_know(
    tmp_path: Path, house: tuple[ObjectHolding, ImageStore]
) -> None:
    holding, _ = house
    with orthanc(tmp_path / "orthanc", holding) as (_, dicom, web):
        chosen = by(Asking.DIMSE, Fetching.MOVE, dicom, web)
        assert isinstance(chosen.at, DicomNode)
        stranger = replace(chosen, at=replace(chosen.at, calling_ae="STRANGER"))
        why = askable(holding, Logins(now), now)(stranger).fetch(ORDER.study)
    assert why.startswith("the archive says A801") or "could not be sent" in why or "the archive says" in why


def test_nobody_there(house: tuple[ObjectHolding, ImageStore]) -> None:
    holding, _ = house
    for way, fetch, _ in WAYS:
        asked: Askable = askable(holding, Logins(now), now)(by(way, fetch, 9, 9))
        with pytest.raises(Undelivered):
            counted(asked, ORDER.study)


@pytest.mark.parametrize(("way", "fetch", "_"), WAYS)
def test_one_that_takes_the_connection_and_says_nothing(
    house: tuple[ObjectHolding, ImageStore], way: Asking, fetch: Fetching, _: str
) -> None:
    holding, _images = house
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        soon = timedelta(seconds=0.3)
        chosen = replace(by(way, fetch, port, port), timeout=soon)
        if isinstance(chosen.at, Destination):
            chosen = replace(chosen, at=replace(chosen.at, timeout=soon))
        began = time.monotonic()
        with pytest.raises(Undelivered):
            counted(askable(holding, Logins(now), now)(chosen), ORDER.study)
        assert time.monotonic() - began < 20


def test_dcmtks_archive_finds_and_moves(tmp_path: Path, house: tuple[ObjectHolding, ImageStore]) -> None:
    demand_dcmtk()
    holding, images = house
    port = free_port()
    (tmp_path / "store").mkdir()
    (tmp_path / "house").mkdir(exist_ok=True)
    with Door(tmp_path / "door", holding=holding) as door:
        (tmp_path / "qr.cfg").write_text(
            f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
            f"HostTable BEGIN\nreader = (READER, 127.0.0.1, {door.port})\nHostTable END\n"
            f"VendorTable BEGIN\nVendorTable END\n"
            f"AETable BEGIN\nARCHIVE {tmp_path / 'store'} RW (200, 1024mb) ANY\nAETable END\n"
        )
        with (tmp_path / "qr.log").open("wb") as log:
            process = subprocess.Popen(
                ["/usr/bin/dcmqrscp", "-c", str(tmp_path / "qr.cfg")], stdout=log, stderr=log
            )
        try:
            until(
                lambda: dcmtk("echoscu", "-aec", "ARCHIVE", "127.0.0.1", str(port))[0] == 0, 20, "it answers"
            )
            for number, each in enumerate(part10(ORDER, 2)):
                file = tmp_path / f"{number}.dcm"
                file.write_bytes(each)
                assert dcmtk("storescu", "-aec", "ARCHIVE", "127.0.0.1", str(port), str(file))[0] == 0
            node = DicomNode("ARCHIVE", "127.0.0.1", port, "READER", None)
            chosen = PacsDestination(
                "pacs", ("ehr",), frozenset(), SECONDS, node, Asking.DIMSE, Fetching.MOVE
            )
            asked = askable(holding, Logins(now), now)(chosen)
            assert [each["StudyInstanceUID"] for each in asked.find({"PatientID": "P-1"})] == [ORDER.study]
            assert counted(asked, ORDER.study)[0] in (2, None)
            assert asked.fetch(ORDER.study) == ""
        finally:
            process.terminate()
            process.wait(20)
    here = images.study(ORDER.study)
    assert here is not None
    assert len(here.objects) == 2
