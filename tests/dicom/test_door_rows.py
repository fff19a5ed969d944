"""Rows of the catalogue that need more than one input and its answer: at the port, many at once, later."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from struct import pack

import pytest

from server.dicom.header import WANTED, header
from server.dicom.limits import Limits
from server.dicom.receive.staging import Staging
from server.dicom.upper.negotiation import EXPLICIT_LITTLE
from server.dicom.whole import walk
from server.errors import Category, Fault
from server.holding import ObjectHolding
from server.store.vault import Vault
from tests.dicom import wire
from tests.dicom.door import Door
from tests.dicom.encoded import ct, ct_with, elements, encode, even, explicit
from tests.dicom.files.brought import House, Kept
from tests.dicom.web.messages import part10
from tests.dicom.wire import COMMITMENT, IMPLICIT, item
from tests.flow.processes import until


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def door(tmp_path: Path, kept: Kept) -> Iterator[Door]:
    limits = Limits(requests_at_once=9000.0)
    with Door(tmp_path, limits, holding=ObjectHolding(Staging(Vault(tmp_path)), kept)) as opened:
        yield opened


def test_d022_a_user_identity_is_neither_checked_nor_answered(door: Door) -> None:
    """PS3.7 D.3.3.7: who does not know the negotiation ignores it; nobody can be wrong who is not asked."""
    identity = item(0x58, pack(">BBH", 2, 1, 3) + b"who" + pack(">H", 6) + b"secret")
    with door.associated(wire.request(information=wire.user(more=identity))) as speaker:
        assert speaker.echo() == 0x0000


def test_d023_a_window_without_end_is_negotiated_to_one(door: Door) -> None:
    window = item(0x53, pack(">HH", 0, 0))
    with door.speaker() as speaker:
        speaker.send(wire.request(information=wire.user(more=window)))
        kind, payload = speaker.read()
        assert kind == 0x02
        user = payload[payload.rindex(b"\x50\0") :]
        assert item(0x53, pack(">HH", 1, 1)) in user or b"\x53\0\0\x04" not in user, "1, 1 is the default"


def test_d029_health_checks_leave_nothing(door: Door) -> None:
    def looked() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    def check(times: int) -> None:
        for _ in range(times):
            door.speaker().sock.close()
        until(lambda: not door.loop._connections, 5.0, "all are gone")

    check(50)
    gc.collect()
    before, memory = looked(), _resident()
    check(3_000)
    gc.collect()
    assert looked() <= before + 2
    assert _resident() - memory < 10 * 1024 * 1024


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def test_d040_a_message_id_is_never_outstanding_when_the_next_is_read(door: Door) -> None:
    with door.associated() as speaker:
        speaker.send(wire.data(1, 3, wire.echo(7)), wire.data(1, 3, wire.echo(7)))
        assert [speaker.status()[0], speaker.status()[0]] == [0, 0]


def test_d043_commitments_are_not_given(door: Door) -> None:
    contexts = ((1, wire.VERIFICATION, (IMPLICIT,)), (3, COMMITMENT, (IMPLICIT,)))
    asked = wire.command(
        {
            3: wire.uid(COMMITMENT), 0x100: pack("<H", 0x130), 0x110: pack("<H", 1), 0x800: pack("<H", 1),
            0x1001: wire.uid(COMMITMENT + b".1"), 0x1008: pack("<H", 1),
        }
    )  # fmt: skip
    with door.associated(wire.request(contexts)) as speaker:
        assert speaker.store(explicit(0x00081195, b"UI", b"1.2\0"), context=3, command=asked)[0] == 0x0211
        assert speaker.echo() == 0x0000


def test_d062_the_file_says_the_negotiated_syntax(door: Door, tmp_path: Path) -> None:
    """A C-STORE carries no file meta information (group 0002 in it is D-061); a file that lies is refused."""
    with door.associated() as speaker:
        assert speaker.store(ct(in_implicit=True), context=5)[0] == 0x0000
    (stored,) = door.stored()
    assert b"\x02\0\x10\0UI\x12\x00" + wire.uid(wire.IMPLICIT) in stored
    (tmp_path / "lies").write_bytes(part10(ct(in_implicit=True), syntax=wire.EXPLICIT))
    (verdict,) = House(tmp_path / "data").bring(tmp_path / "lies")
    assert "is the data set in its transfer syntax?" in verdict.why


def test_d079_d080_the_same_object_from_eight_at_once_is_one(door: Door, kept: Kept) -> None:
    def store(_: int) -> list[int]:
        with door.associated() as speaker:
            return [speaker.store(ct())[0] for _ in range(20)]

    with ThreadPoolExecutor(8) as pool:
        assert {each for answers in pool.map(store, range(8)) for each in answers} == {0x0000}
    assert len(kept.objects) == len(door.stored()) == 1
    door.demand_clean()


def test_d081_d082_d083_other_bytes_under_one_uid_are_all_kept(door: Door, kept: Kept) -> None:
    """In another encoding too: whether two encodings are one picture is not decided at the door."""
    moved = elements()
    moved[0x0020000D] = (0x0020000D, b"UI", b"9.9\0")
    with door.associated() as speaker:
        assert speaker.store(ct())[0] == 0x0000
        assert speaker.store(ct(pixels=514))[0] == 0x0000
        assert speaker.store(encode(moved))[0] == 0x0000
        assert speaker.store(ct(in_implicit=True), context=5)[0] == 0x0000
    assert len(kept.objects) == len(door.stored()) == 4


def test_d103_ten_million_empty_fragments(tmp_path: Path) -> None:
    fragments = pack("<HHI", 0xFFFE, 0xE000, 0) * 10_000_000
    data = ct_with(without=(0x7FE00010,))
    data = data[: data.rindex(b"\xe0\x7f\x10\0")] + b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff" + fragments
    began = time.process_time()
    with pytest.raises(Fault, match="more than 500000") as refused:
        walk(data, 0, wire.RLE.decode(), WANTED)
    assert refused.value.category is Category.INCORRECT
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    ("charset", "name", "read"),
    [
        # JIS X 0208: the second character's bytes are those of "^" and "\\" in ASCII.
        (
            b"\\ISO 2022 IR 87",
            b"A\x1b$B\x5e\x5c\x1b(B^B",
            "A" + b"\x1b$B\x5e\x5c".decode("iso2022_jp") + "^B",
        ),
        (b"\\ISO 2022 IR 149", b"Hong^\x1b$)C\xb1\xe6\xb5\xbf", "Hong^\uae38\ub3d9"),
    ],
)
def test_d090_an_escape_does_not_split_a_name(charset: bytes, name: bytes, read: str) -> None:
    listed = elements()
    listed[0x00080005] = (0x00080005, b"CS", even(charset))
    listed[0x00100010] = (0x00100010, b"PN", even(name))
    whole = walk(encode(listed), 0, EXPLICIT_LITTLE, WANTED)
    found, remarks = header(whole, wire.CT.decode(), wire.INSTANCE.decode())
    assert (found.patient_name, remarks) == (read, ())


@pytest.mark.parametrize("start", [b"MZ", b"\x7fELF", b"PK\3\4", b"<html><script>"])
def test_d110_what_stands_in_a_preamble_is_not_kept(tmp_path: Path, start: bytes) -> None:
    """CVE-2019-11687: a file that is a DICOM object and a program."""
    (tmp_path / "a").write_bytes(start.ljust(128, b"\x90") + part10()[128:])
    house = House(tmp_path / "data")
    house.bring(tmp_path / "a")
    assert all(each.read_bytes()[:132] == bytes(128) + b"DICM" for each in house.files())
    assert len(house.files()) == (0 if start.startswith(b"PK") else 1), "a ZIP is a ZIP"
