"""ZIPs: what is in them is kept; what they say of themselves is not believed."""

from __future__ import annotations

import zlib
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest

from server.dicom.files import zipped
from server.dicom.files.found import Became
from tests.dicom import wire
from tests.dicom.files.brought import House, counted, why
from tests.dicom.web.messages import part10

NEW, REFUSED = Became.NEW, Became.REFUSED


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "data")


def packed(path: Path, *entries: tuple[str | ZipInfo, bytes], method: int = ZIP_DEFLATED) -> Path:
    with ZipFile(path, "w", method) as file:
        for name, content in entries:
            file.writestr(name, content)
    return path


@pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED])
def test_what_is_in_it_is_kept(house: House, tmp_path: Path, method: int) -> None:
    made = packed(
        tmp_path / "a.zip", ("study/", b""), ("study/1", part10()), ("read.me", b"hello"), method=method
    )
    found = house.bring(made)
    assert counted(found) == {NEW: 1, Became.NOT_DICOM: 1}
    assert found[0].shown == f"{made}!study/1"
    assert house.files()[0].read_bytes().endswith(part10()[-700:])


def test_a_zip_in_a_folder_is_opened_and_one_in_a_zip_is_not(house: House, tmp_path: Path) -> None:
    (tmp_path / "disc").mkdir()
    inner = packed(tmp_path / "inner.zip", ("1", part10())).read_bytes()
    outer = packed(tmp_path / "disc" / "a.zip", ("inner.zip", inner), ("1", part10()))
    found = house.bring(outer.parent)
    assert counted(found) == {NEW: 1, REFUSED: 1}
    assert "a ZIP within a ZIP" in why(found, "inner.zip")[1]


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../up", "..\\up", "C:\\up", "\\up"])
def test_names_that_lead_out_are_refused(house: House, tmp_path: Path, name: str) -> None:
    found = house.bring(packed(tmp_path / "a.zip", (name, part10()), ("fine", b"text")))
    assert counted(found) == {REFUSED: 1, Became.NOT_DICOM: 1}
    assert "leads out of it" in found[0].why


@pytest.mark.parametrize("mode", [0o120777, 0o020600, 0o060600, 0o010600])
def test_links_and_devices_are_refused(house: House, tmp_path: Path, mode: int) -> None:
    entry = ZipInfo("link")
    entry.external_attr = mode << 16
    (verdict,) = house.bring(packed(tmp_path / "a.zip", (entry, part10())))
    assert "a link or a device" in verdict.why


def test_unusual_packing_is_refused(house: House, tmp_path: Path) -> None:
    (verdict,) = house.bring(packed(tmp_path / "a.zip", ("1", part10()), method=ZIP_BZIP2))
    assert "a method other than deflate" in verdict.why


def test_what_is_encrypted_is_refused(house: House, tmp_path: Path) -> None:
    data = bytearray(packed(tmp_path / "a.zip", ("1", part10())).read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(mark) + at] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    (verdict,) = house.bring(tmp_path / "a.zip")
    assert "it is encrypted" in verdict.why


def bomb(size: int) -> bytes:
    """A picture of zeros."""
    head = part10()
    return head[:-524] + b"\xe0\x7f\x10\0OW\0\0" + size.to_bytes(4, "little") + bytes(size)


def test_a_bomb_is_stopped_after_a_hundred_times_its_size(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D-096 by another way in."""
    monkeypatch.setattr(zipped, "_FREE", 100_000)
    made = packed(tmp_path / "a.zip", ("bomb", bomb(9_000_000)), ("1", part10()))
    assert made.stat().st_size < 20_000
    found = house.bring(made)
    assert counted(found) == {REFUSED: 2}
    assert all("unpacks to more than 100 times its size" in each.why for each in found)
    assert not house.files()


def test_many_small_bombs_are_one(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "_FREE", 100_000)
    made = packed(tmp_path / "a.zip", *((f"{number}", bomb(700_000)) for number in range(40)))
    found = house.bring(made)
    assert counted(found)[REFUSED] > 10


def test_entries_that_share_their_bytes_are_refused(house: House, tmp_path: Path) -> None:
    """As in zip bombs that do not nest: the directory names one place under many names."""
    data = packed(tmp_path / "a.zip", ("1", part10()), ("2", part10())).read_bytes()
    second = data.rindex(b"PK\1\2")
    data = data[: second + 42] + bytes(4) + data[second + 46 :]  # offset of the first
    (tmp_path / "a.zip").write_bytes(data)
    assert counted(house.bring(tmp_path / "a.zip"))[REFUSED] >= 1


def test_too_many_entries_are_refused_before_they_are_read(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipped, "MOST_ENTRIES", 3)
    monkeypatch.setattr(zipped, "ZipFile", None)
    (verdict,) = house.bring(packed(tmp_path / "a.zip", *((f"{number}", b"") for number in range(4))))
    assert "more than 3 files" in verdict.why


@pytest.mark.parametrize("cut", [4, 30, 100, -1, -10, -22, -60])
def test_a_zip_that_is_cut_is_refused(house: House, tmp_path: Path, cut: int) -> None:
    data = packed(tmp_path / "a.zip", ("1", part10())).read_bytes()
    (tmp_path / "a.zip").write_bytes(data[:cut])
    (verdict,) = house.bring(tmp_path / "a.zip")
    assert (verdict.became, "cut short" in verdict.why) == (REFUSED, True)


def test_whatever_byte_is_wrong_nothing_else_is_kept(house: House, tmp_path: Path) -> None:
    content = part10()
    data = packed(tmp_path / "a.zip", ("1", content)).read_bytes()
    for at in range(0, len(data), 3):
        (tmp_path / "a.zip").write_bytes(data[:at] + bytes((data[at] ^ 0xFF,)) + data[at + 1 :])
        assert house.bring(tmp_path / "a.zip") or at > 3  # an archive may turn out to be empty
    assert {zlib.crc32(each.read_bytes()[-500:]) for each in house.files()} <= {zlib.crc32(content[-500:])}


def test_zip64_and_comments_are_read(house: House, tmp_path: Path) -> None:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as file:
        with file.open("1", "w", force_zip64=True) as entry:
            entry.write(part10())
        with file.open("2", "w") as entry:
            entry.write(part10(instance=wire.INSTANCE + b".2"))
        file.comment = b"from a workstation"
    (tmp_path / "a.zip").write_bytes(buffer.getvalue())
    found = house.bring(tmp_path / "a.zip")
    assert found[0].became is NEW


def test_a_disc_that_fails_under_a_zip_is_not_our_disk(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = packed(tmp_path / "a.zip", ("1", part10()))

    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(zipped, "ZipFile", failing)
    (verdict,) = house.bring(made)
    assert (verdict.became, verdict.why) == (REFUSED, "it cannot be read (Input/output error)")
