"""Real peers and the real process: what DCMTK sends is kept as it is, and nobody keeps others waiting."""

from __future__ import annotations

import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from struct import pack

import pydicom
import pytest
from pydicom.data import get_testdata_file

from tests.dicom import wire
from tests.dicom.encoded import ct, elements, encode, explicit
from tests.flow.listener import Listener, listening
from tests.flow.modality import data_set, dcmtk, demand_dcmtk, send
from tests.flow.processes import Program, free_port, members, until

COMPRESSED = (
    ("JPEG2000.dcm", "-xw"),
    ("SC_rgb_jpeg_dcmtk.dcm", "-xy"),
    ("MR_small_RLE.dcm", "-xr"),
    ("MR_small_jpeg_ls_lossless.dcm", "-xt"),
    ("SC_rgb_jpeg_lossy_gdcm.dcm", "-xy"),
    ("CT_small.dcm", "-xe"),
    ("MR_small_implicit.dcm", "-xi"),
)
"""A file of pydicom's, and the option by which storescu proposes its transfer syntax."""


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    with listening(tmp_path / "data", tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    """One for all tests that harm nobody: a process takes seconds to start."""
    folder = tmp_path_factory.mktemp("shared")
    with listening(folder / "data", folder) as made:
        yield made


def written(folder: Path, count: int, pixels: int = 512) -> list[Path]:
    """CT images as files, each an instance of its own."""
    folder.mkdir()
    paths = []
    for number in range(1, count + 1):
        instance = wire.INSTANCE + b".%d" % number
        meta = b"".join(
            explicit(*each)
            for each in (
                (0x00020001, b"OB", b"\0\1"),
                (0x00020002, b"UI", wire.uid(wire.CT)),
                (0x00020003, b"UI", wire.uid(instance)),
                (0x00020010, b"UI", wire.uid(wire.EXPLICIT)),
                (0x00020012, b"UI", b"1.2.3\0"),
            )
        )
        group = explicit(0x00020000, b"UL", pack("<I", len(meta))) + meta
        path = folder / f"{number:05d}.dcm"
        path.write_bytes(bytes(128) + b"DICM" + group + encode(elements(instance, pixels)))
        paths.append(path)
    return paths


@pytest.mark.parametrize("nagle", [True, False], ids=["default", "nodelay"])
def test_dcmtk_echoes_and_stores(shared: Listener, tmp_path: Path, *, nagle: bool) -> None:
    demand_dcmtk()
    assert dcmtk("echoscu", "127.0.0.1", str(shared.port), nagle=nagle)[0] == 0
    sent = written(tmp_path / "sent", 30, 20_000 if nagle else 20_002)
    here = set(shared.files())
    status, said = send(shared.port, sent, nagle=nagle)
    assert status == 0, said
    assert said.count("Received Store Response (Success)") == 30
    came = set(shared.files()) - here
    assert sorted(map(data_set, came)) == sorted(map(data_set, sent))
    assert send(shared.port, sent, nagle=nagle)[0] == 0
    assert set(shared.files()) - here == came, "sent again, nothing is added"
    assert shared.staged() == []


@pytest.mark.parametrize(("name", "option"), COMPRESSED, ids=[name for name, _ in COMPRESSED])
def test_a_syntax_is_kept_as_it_came(shared: Listener, name: str, option: str) -> None:
    demand_dcmtk()
    sent = Path(str(get_testdata_file(name)))
    here = set(shared.files())
    status, said = send(shared.port, [sent], option)
    assert "Received Store Response (Success)" in said, said
    assert status == 0
    (kept,) = set(shared.files()) - here
    before, after = pydicom.dcmread(sent), pydicom.dcmread(kept)
    assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
    assert after.PixelData == before.PixelData
    assert after.SOPInstanceUID == after.file_meta.MediaStorageSOPInstanceUID == before.SOPInstanceUID


def test_a_gigabyte_arrives_within_64_mib_above_idle(listener: Listener) -> None:
    size = 1024 * 1024 * 1024
    listed = elements()
    listed[0x00280008] = (0x00280008, b"IS", b"2048")
    pixels = listed.pop(0x7FE00010)
    before, most = max(listener.memory()), 0
    with listener.associated() as speaker:
        speaker.send(wire.data(3, 3, wire.store()))
        head = encode(listed) + explicit(pixels[0], b"OW", b"", size)
        speaker.send(wire.data(3, 0, head))
        part = random.Random(1).randbytes(128 * 1024)
        for number in range(1, size // len(part) + 1):
            speaker.send(wire.data(3, 2 if number * len(part) == size else 0, part))
            if number % 512 == 0:
                most = max(most, *listener.memory())
        speaker.sock.settimeout(120)
        assert speaker.status()[0] == 0
        most = max(most, *listener.memory())
    assert most - before < 64 * 1024 * 1024
    (kept,) = listener.files()
    assert kept.stat().st_size > size
    kept.unlink()


@pytest.mark.campaign
def test_the_silent_and_the_dripping_keep_nobody_waiting(
    listener: Listener, request: pytest.FixtureRequest
) -> None:
    """500 of the one, 100 of the other, all the time anew, as long as --seconds says."""
    demand_dcmtk()
    until_then = time.monotonic() + min(request.config.getoption("seconds"), 600.0)
    stop, waits = threading.Event(), []
    with ExitStack() as crowd:
        thread = threading.Thread(target=_crowd, args=(listener.port, stop))
        thread.start()
        crowd.callback(thread.join)
        crowd.callback(stop.set)
        while time.monotonic() < until_then:
            began = time.monotonic()
            with listener.associated() as speaker:
                assert speaker.echo() == 0
            waits.append(time.monotonic() - began)
            time.sleep(0.02)
    assert len(waits) > 20
    assert max(waits) < 0.5


def _crowd(port: int, stop: threading.Event) -> None:
    request, peers = wire.request(), []
    while not stop.is_set():
        while len(peers) < 600:
            peers.append([socket.create_connection(("127.0.0.1", port), 5), 0])
        for number, peer in enumerate(peers):
            sock, at = peer
            sock.setblocking(False)
            with suppress(BlockingIOError, OSError):
                if sock.recv(16) == b"":
                    sock.close()
            if number < 100 and sock.fileno() >= 0:
                with suppress(OSError):
                    sock.send(request[at : at + 1])
                peer[1] += 1
        peers = [peer for peer in peers if peer[0].fileno() >= 0]
        stop.wait(0.2)
    for sock, _ in peers:
        sock.close()


def test_killed_listeners_lose_nothing_that_was_acknowledged(
    listener: Listener, request: pytest.FixtureRequest, seed: int
) -> None:
    """kill -9 of a listener process at random, while four senders send until each object is acknowledged."""
    kills, draw = max(3, request.config.getoption("kills") // 10), random.Random(seed)
    stop, acknowledged = threading.Event(), [set() for _ in range(4)]
    senders = [
        threading.Thread(target=_send_until, args=(listener, number, stop, acknowledged[number]))
        for number in range(4)
    ]
    for each in senders:
        each.start()
    try:
        for _ in range(kills):
            time.sleep(draw.uniform(0.2, 0.8))
            assert listener.program.kill_follower(draw.choice)
            until(lambda: len(members(listener.program.pid)) == 3, 10.0, "another is started")
    finally:
        stop.set()
        for each in senders:
            each.join(30)
    kept = {data_set(each) for each in listener.files()}
    sent = set().union(*acknowledged)
    assert len(sent) > 20
    missing = [instance for instance in sent if ct(instance, 9000) not in kept]
    assert not missing
    assert len(kept) == len(listener.files())


def _send_until(listener: Listener, number: int, stop: threading.Event, acknowledged: set[bytes]) -> None:
    count = 0
    while not stop.is_set():
        with suppress(OSError, AssertionError), listener.associated() as speaker:
            while not stop.is_set():
                instance = wire.INSTANCE + b".%d.%d" % (number + 1, count)
                if speaker.store(ct(instance, 9000), command=wire.store(instance=instance))[0] == 0:
                    acknowledged.add(instance)
                    count += 1


def test_a_port_that_is_taken_is_said_in_one_sentence(shared: Listener, tmp_path: Path) -> None:
    second = Program("dicom", shared.program._environment, tmp_path)
    second.start()
    try:
        assert second.wait(30.0) == 2
    finally:
        second.close()
    assert "choose another with SECOND_READER_DICOM_PORT" in second.last_words()
    assert "Traceback" not in second.log.read_text()
    with shared.associated() as speaker:
        assert speaker.echo() == 0


def test_without_a_schema_it_says_so_and_ends(shared: Listener, tmp_path: Path) -> None:
    elsewhere = {"SECOND_READER_DATA": str(tmp_path / "empty"), "SECOND_READER_DICOM_PORT": str(free_port())}
    (tmp_path / "logs").mkdir()
    second = Program("dicom", shared.program._environment | elsewhere, tmp_path / "logs")
    second.start()
    try:
        assert second.wait(30.0) == 2
    finally:
        second.close()
    assert "server migrate" in second.last_words()


def test_told_to_stop_it_ends_and_lets_the_port_go(listener: Listener) -> None:
    with listener.associated() as idle:
        listener.program.signal(signal.SIGTERM)
        assert idle.read()[0] == 0x07
        assert listener.program.wait(10.0) == 0
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", listener.port))


def test_nothing_of_a_patient_is_in_the_log(listener: Listener) -> None:
    with listener.associated() as speaker:
        assert speaker.store(ct())[0] == 0
        assert speaker.store(ct()[:-5])[0] == 0xC000
    listener.program.signal(signal.SIGTERM)
    assert listener.program.wait(10.0) == 0
    log = listener.program.log.read_text()
    assert "object refused" in log
    for value in ("PAT-1", "Ada", "19700101", wire.INSTANCE.decode(), "ACC-1"):
        assert value not in log
