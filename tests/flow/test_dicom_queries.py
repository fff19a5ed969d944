"""Clients that others wrote ask the real process: DCMTK's and Orthanc. What comes is what was sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from struct import pack

import httpx
import pydicom
import pytest
from pydicom.data import get_testdata_file

from server.fhir.stamp import stamped
from server.settings import Settings
from server.store import resources
from server.store.database import Database
from tests.dicom import wire
from tests.dicom.door import NOW
from tests.dicom.encoded import elements, encode, explicit
from tests.dicom.query.test_retrieval import getting, stored
from tests.dicom.query.test_worklist import ORDERS, PATIENTS
from tests.dicom.send.foreign import Foreign, orthanc
from tests.flow.listener import Listener, listening
from tests.flow.modality import data_set, dcmtk, demand_dcmtk, send
from tests.flow.processes import free_port, until

SENT = ("CT_small.dcm", "MR_small_implicit.dcm", "JPEG2000.dcm", "SC_rgb_rle_2frame.dcm")
OPTIONS = {"JPEG2000.dcm": "-xw", "SC_rgb_rle_2frame.dcm": "-xr", "MR_small_implicit.dcm": "-xi"}
ASKING = ("-aet", "VIEWER", "-aec", "SECOND_READER")
CT = "CT_small.dcm"


def file(name: str) -> Path:
    return Path(str(get_testdata_file(name)))


def study(name: str) -> str:
    return str(pydicom.dcmread(file(name)).StudyInstanceUID)


@pytest.fixture(scope="module")
def moved_to() -> int:
    return free_port()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, moved_to: int) -> Iterator[tuple[Listener, Foreign]]:
    """Ours, and an Orthanc that knows it and is known to it."""
    demand_dcmtk()
    folder, other, found = tmp_path_factory.mktemp("queries"), tmp_path_factory.mktemp("orthanc"), []
    with ExitStack() as stack:

        def peers(port: int) -> str:
            found.append(stack.enter_context(orthanc(other, "SECOND_READER", ("127.0.0.1", port))))
            every = 'may = ["store", "find", "get", "move", "worklist"]\naddresses = ["127.0.0.1"]\n'
            here = 'host = "127.0.0.1"\nport = '
            return (
                '[[called]]\nae = "SECOND_READER"\n'
                f'[[peer]]\nae = "VIEWER"\n{every}{here}{moved_to}\n'
                f'[[peer]]\nae = "PACS"\n{every}{here}{found[0].port}\n'
                '[[peer]]\nae = "STORESCU"\naddresses = ["127.0.0.1"]\n'
                '[[peer]]\nae = "CT1"\naddresses = ["127.0.0.1"]\nmay = ["store", "get"]\n'
            )

        listener = stack.enter_context(listening(folder / "data", folder, peers))
        for each in SENT:
            arguments = ("-aec", "SECOND_READER", OPTIONS.get(each, "-xe"))
            status, said = send(listener.port, [file(each)], *arguments)
            assert status == 0, said
        yield listener, found[0]


def place(door: tuple[Listener, Foreign]) -> tuple[str, str]:
    return "127.0.0.1", str(door[0].port)


def found(folder: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(each, force=True) for each in sorted(folder.glob("rsp*.dcm"))]


def test_findscu_finds(door: tuple[Listener, Foreign], tmp_path: Path) -> None:
    keys = (
        "-k",
        "QueryRetrieveLevel=STUDY",
        "-k",
        "StudyInstanceUID",
        "-k",
        "PatientName",
        "-k",
        "PatientID",
    )
    status, said = dcmtk("findscu", "-v", "-S", "-X", "-od", str(tmp_path), *ASKING, *keys, *place(door))
    assert status == 0, said
    assert {each.StudyInstanceUID for each in found(tmp_path)} == {study(each) for each in SENT}
    one = tmp_path / "one"
    one.mkdir()
    patient = f"PatientID={pydicom.dcmread(file(CT)).PatientID[:-1]}?"
    dcmtk("findscu", "-S", "-X", "-od", str(one), *ASKING, *keys, "-k", patient, *place(door))
    assert [each.StudyInstanceUID for each in found(one)] == [study(CT)]


def test_findscu_cancels(door: tuple[Listener, Foreign]) -> None:
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID")
    status, said = dcmtk("findscu", "-v", "-S", "--cancel", "1", *ASKING, *keys, *place(door))
    assert status == 0, said
    assert "Cancel" in said


def test_who_may_not_ask_is_told(door: tuple[Listener, Foreign]) -> None:
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-aet", "STORESCU", "-aec", "SECOND_READER")
    _, said = dcmtk("findscu", "-v", "-S", *keys, *place(door))
    assert "0x124" in said, said


GOT = {CT: "+xe", "JPEG2000.dcm": "+xw", "SC_rgb_rle_2frame.dcm": "+xr"}


@pytest.mark.parametrize("name", GOT)
def test_getscu_gets_what_was_sent(door: tuple[Listener, Foreign], tmp_path: Path, name: str) -> None:
    said = got(door, tmp_path, name, GOT[name])
    came, *more = (*tmp_path.iterdir(), None)
    assert came is not None, said
    assert more == [None]
    assert [each for each in door[0].files() if data_set(each) == data_set(came)]


def test_getscu_is_told_what_it_would_not_take(door: tuple[Listener, Foreign], tmp_path: Path) -> None:
    """It proposes explicit VR only; what came in implicit VR is not encoded anew for it."""
    said = got(door, tmp_path, "MR_small_implicit.dcm", "+xe")
    assert "Number of Failed Suboperations    : 1" in said
    assert not list(tmp_path.iterdir())


def got(door: tuple[Listener, Foreign], folder: Path, name: str, option: str) -> str:
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study(name)}")
    arguments = ("-v", "-S", "+B", option, "-od", str(folder), *ASKING, *keys)
    status, said = dcmtk("getscu", *arguments, *place(door))
    assert status == 0, said
    return said


def test_movescu_is_sent_what_was_sent(door: tuple[Listener, Foreign], tmp_path: Path, moved_to: int) -> None:
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study(CT)}")
    arguments = (
        "-v",
        "-S",
        "+P",
        str(moved_to),
        "-aem",
        "VIEWER",
        "-od",
        str(tmp_path),
        *ASKING,
        *keys,
    )
    status, said = dcmtk("movescu", *arguments, *place(door))
    assert status == 0, said
    came, *more = (*tmp_path.iterdir(), None)
    assert came is not None, said
    assert more == [None]
    sent, kept = pydicom.dcmread(file(CT)), pydicom.dcmread(came)
    assert (kept.PixelData, kept.file_meta.TransferSyntaxUID) == (sent.PixelData, "1.2.840.10008.1.2.1")
    unknown = ("-v", "-S", "-aem", "NOBODY", *ASKING, *keys)
    _, said = dcmtk("movescu", *unknown, *place(door))
    assert "MoveDestinationUnknown" in said, said


def test_orthanc_queries_and_has_it_moved_to_itself(door: tuple[Listener, Foreign]) -> None:
    _, other = door
    http = httpx.Client(base_url=other.http, trust_env=False, timeout=60)
    asked = {"Level": "Study", "Query": {"PatientID": pydicom.dcmread(file(CT)).PatientID}}
    query = http.post("/modalities/us/query", json=asked).raise_for_status().json()["ID"]
    assert len(http.get(f"/queries/{query}/answers").json()) == 1
    http.post(
        f"/queries/{query}/retrieve", json={"TargetAet": "PACS", "Synchronous": True}
    ).raise_for_status()
    (there,) = http.get("/instances").json()
    assert http.get(f"/instances/{there}/metadata/TransferSyntax").text == "1.2.840.10008.1.2.1"
    assert http.post("/modalities/us/echo", json={}).status_code == 200
    http.close()


def test_findscu_asks_for_the_worklist(door: tuple[Listener, Foreign], tmp_path: Path) -> None:
    database = Database(Settings(data=door[0].data).database)
    written = [stamped(each, each["id"], 1, NOW) for each in (*PATIENTS, *ORDERS)]
    database.write(lambda connection: resources.apply(connection, written, None))
    database.close()
    keys = ("-k", "AccessionNumber", "-k", "PatientName", "-k", "(0040,0100)[0].Modality=DX")
    status, said = dcmtk("findscu", "-v", "-W", "-X", "-od", str(tmp_path), *ASKING, *keys, *place(door))
    assert status == 0, said
    (row,) = found(tmp_path)
    assert (row.AccessionNumber, row.ScheduledProcedureStepSequence[0].Modality) == ("ACC-1", "DX")


def test_what_is_large_is_never_in_memory(door: tuple[Listener, Foreign]) -> None:
    """A quarter of a gigabyte to one peer, while another is answered at once."""
    listener, _ = door
    size, part, listed = 256 * 1024 * 1024, bytes(128 * 1024), elements(wire.INSTANCE + b".7")
    listed[0x0020000D] = (0x0020000D, b"UI", wire.uid(b"1.2.3.4.5"))
    pixels = listed.pop(0x7FE00010)
    with listener.associated() as sender:
        sender.send(wire.data(3, 3, wire.store(instance=wire.INSTANCE + b".7")))
        sender.send(wire.data(3, 0, encode(listed) + explicit(pixels[0], b"OW", b"", size)))
        for number in range(1, size // len(part) + 1):
            sender.send(wire.data(3, 2 if number * len(part) == size else 0, part))
        sender.sock.settimeout(60)
        assert sender.status()[0] == 0
    before, most, came = max(listener.memory()), 0, 0
    with listener.associated(getting(131072)) as peer, listener.associated() as other:
        request = wire.command(
            {
                2: wire.uid(b"1.2.840.10008.5.1.4.1.2.2.3"),
                0x100: pack("<H", 0x10),
                0x110: pack("<H", 7),
                0x700: pack("<H", 0),
                0x800: pack("<H", 1),
            }
        )
        keys = b"\x08\0\x52\0\x06\0\0\0STUDY \x20\0\x0d\0\x0a\0\0\0001.2.3.4.5\0"
        peer.send(wire.data(3, 3, request), wire.data(3, 2, keys))
        last, number = False, 0
        while not last:
            kind, payload = peer.read()
            assert kind == 4
            if payload[4] == 5 and not payload[5] & 1:
                came += len(payload) - 6
                last = bool(payload[5] & 2)
            number += 1
            if number % 256 == 0:
                most = max(most, *listener.memory())
                began = time.monotonic()
                assert other.echo() == 0
                assert time.monotonic() - began < 0.5
        peer.send(wire.data(5, 3, stored(1)))
        assert peer.status()[0] == 0xFF00
        assert peer.status()[0] == 0
    assert came > size
    assert most - before < 32 * 1024 * 1024


def test_nothing_of_a_patient_is_in_the_log(door: tuple[Listener, Foreign]) -> None:
    until(lambda: b'"answered"' in door[0].program.log.read_bytes(), 5.0, "it has said something")
    log = door[0].program.log.read_text()
    for each in SENT:
        told = pydicom.dcmread(file(each))
        assert str(told.PatientID) not in log
        assert str(told.PatientName) not in log
        assert told.StudyInstanceUID not in log
