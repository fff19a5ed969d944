"""The small archive and the small modality: they speak to each other, and fail on request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydicom import Dataset, dcmread
from pynetdicom import AE, evt

from conformance.__main__ import main
from conformance.peers.archive_faults import ArchiveFault, Trouble, read_archive_fault
from conformance.peers.modality import WORKLIST, Modality, NotTaken, Order, films
from conformance.peers.objects import Objects
from conformance.peers.pacs import Pacs
from tests.sockets import let_go

pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)
ORDER = Order(accession="A-7", study="2.25.77")


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Pacs]:
    with Pacs(tmp_path / "pacs") as opened:
        yield opened
    let_go()


def machine(pacs: Pacs, **more: float) -> Modality:
    return Modality(pacs.host, pacs.port, pacs.ae, **more)


def asked(level: str, **keys: str) -> Dataset:
    made = Dataset()
    made.QueryRetrieveLevel = level
    for name, value in keys.items():
        setattr(made, name, value)
    return made


def test_films_come_as_they_were_made(pacs: Pacs) -> None:
    made = list(films(ORDER, 3, rows=16, columns=8))
    assert machine(pacs).send(made) == [0, 0, 0]
    assert len(pacs.objects) == 3
    for each in made:
        kept = dcmread(pacs.objects.path(str(each.SOPInstanceUID)))
        assert kept == each
    assert len({each.PixelData for each in made}) == 3
    assert len(made[0].PixelData) == 16 * 8 * 2


def test_an_archive_knows_what_lies_in_its_folder(pacs: Pacs, tmp_path: Path) -> None:
    machine(pacs).send(list(films(ORDER, 2, rows=8, columns=8)))
    again = Objects(tmp_path / "pacs")
    assert len(again) == 2
    assert len(again.matching(asked("STUDY", AccessionNumber="A-7"))) == 1
    assert len(again.matching(asked("IMAGE", StudyInstanceUID="2.25.77"))) == 2
    assert again.matching(asked("STUDY", AccessionNumber="A-8")) == []


@pytest.mark.parametrize(("kind", "kept"), [(Trouble.REFUSE, 0), (Trouble.REFUSE_AFTER, 1)])
def test_it_refuses_on_request_and_as_often(pacs: Pacs, kind: Trouble, kept: int) -> None:
    pacs.faults.add(ArchiveFault(kind, count=2, status=0xA700))
    [film] = films(ORDER, rows=8, columns=8)
    assert machine(pacs).send([film] * 2) == [0xA700, 0xA700]
    assert len(pacs.objects) == kept
    assert machine(pacs).send([film]) == [0]


@pytest.mark.parametrize("kind", [Trouble.REJECT, Trouble.ABORT, Trouble.SILENCE])
def test_it_breaks_off_on_request(pacs: Pacs, kind: Trouble) -> None:
    pacs.faults.add(ArchiveFault(kind, status=2, seconds=0.1))
    with pytest.raises(NotTaken):
        machine(pacs, timeout=5.0).send(list(films(ORDER, rows=8, columns=8)))
    assert len(pacs.objects) == 0


def test_a_worklist_says_what_films_are_for() -> None:
    def scheduled(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        assert event.identifier.ScheduledProcedureStepSequence[0].Modality == "CR"
        item = Dataset()
        item.PatientID, item.PatientName, item.AccessionNumber = "P-9", "Grey^Dapple", "A-9"
        item.StudyInstanceUID, item.IssuerOfPatientID = "2.25.99", "EHR"
        yield 0xFF00, item

    ris = AE("RIS")
    ris.add_supported_context(WORKLIST)
    server = ris.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, scheduled)])
    [order] = Modality("127.0.0.1", server.server_address[1], "RIS").worklist()
    server.shutdown()
    assert order == Order("P-9", "Grey^Dapple", "EHR", "A-9", "2.25.99")
    [film] = films(order, rows=8, columns=8)
    assert (film.PatientID, film.IssuerOfPatientID, film.StudyInstanceUID) == ("P-9", "EHR", "2.25.99")


def test_a_modality_by_hand(pacs: Pacs) -> None:
    words = ["modality", "--port", str(pacs.port), "--called", "PACS", "--films", "2", "--accession", "A-3"]
    done = CliRunner().invoke(main, words)
    assert (done.exit_code, "accession A-3: 0000, 0000" in done.output) == (0, True), done.output
    assert len(pacs.objects) == 2


@pytest.mark.parametrize("text", ["explode", "refuse:1:A700:2", "refuse:x", "refuse:1:XYZ"])
def test_a_fault_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"allowed|invalid literal"):
        read_archive_fault(text)
    done = CliRunner().invoke(main, ["pacs", str(tmp_path), "--fault", text])
    assert done.exit_code == 2


def test_a_fault_by_hand() -> None:
    assert read_archive_fault("refuse:3:C001") == ArchiveFault(Trouble.REFUSE, 3, 0xC001)
    assert read_archive_fault("no-report") == ArchiveFault(Trouble.NO_REPORT)
