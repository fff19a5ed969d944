"""Files of a folder: each is kept as it is, or named with what is wrong with it."""

from __future__ import annotations

import os
import socket
from errno import ENOSPC
from pathlib import Path

import pytest

from server.dicom.files import taking
from server.dicom.files.found import Became
from server.dicom.files.taking import Stopped
from server.dicom.receive.staging import StagedObject, Staging
from server.errors import Category, Fault
from server.holding import ObjectHolding
from server.objects import ObjectArrival
from server.store.vault import Vault
from tests.dicom import wire
from tests.dicom.encoded import ct
from tests.dicom.files.brought import House, counted, why
from tests.dicom.web.messages import part10

NEW, HERE, BESIDE, REFUSED = Became.NEW, Became.HERE, Became.BESIDE, Became.REFUSED


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "data")


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    made = tmp_path / "disc"
    (made / "deep" / "er").mkdir(parents=True)
    return made


def instance(number: int) -> bytes:
    return wire.INSTANCE + b".%d" % number


def numbered(number: int) -> bytes:
    return part10(instance=instance(number))


def test_a_folder_is_kept_whole_and_may_be_imported_again(house: House, disc: Path) -> None:
    (disc / "b").write_bytes(numbered(1))
    (disc / "deep" / "er" / "a").write_bytes(numbered(2))
    (disc / "readme.txt").write_text("a viewer for this disc")
    (disc / "nothing").write_bytes(b"")
    found = house.bring(disc)
    assert counted(found) == {NEW: 2, Became.NOT_DICOM: 2}
    assert why(found, "nothing") == (Became.NOT_DICOM, "it is empty")
    assert {each.source for each in house.images.objects} == {"import"}
    assert all(each.read_bytes().endswith(bytes(512)) for each in house.files())
    assert counted(house.bring(disc)) == {HERE: 2, Became.NOT_DICOM: 2}


def test_other_bytes_under_one_uid_are_both_kept(house: House, disc: Path) -> None:
    (disc / "a").write_bytes(part10())
    (disc / "b").write_bytes(part10(ct(pixels=514)))
    assert counted(house.bring(disc)) == {NEW: 1, BESIDE: 1}
    assert len(house.files()) == 2


def test_links_are_told_of_and_not_followed(house: House, disc: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(part10())
    (disc / "loop").symlink_to(disc)
    (disc / "out").symlink_to(tmp_path / "outside")
    (disc / "nowhere").symlink_to(tmp_path / "not there")
    found = house.bring(disc)
    assert counted(found) == {REFUSED: 3}
    assert "symbolic link" in why(found, "loop")[1]


def test_a_link_that_a_person_names_is_followed(house: House, disc: Path, tmp_path: Path) -> None:
    (disc / "a").write_bytes(part10())
    (tmp_path / "disc link").symlink_to(disc)
    (tmp_path / "file link").symlink_to(disc / "a")
    assert counted(house.bring(tmp_path / "disc link", tmp_path / "file link")) == {NEW: 1, HERE: 1}


def test_pipes_and_sockets_are_told_of_and_nobody_waits_for_them(house: House, disc: Path) -> None:
    os.mkfifo(disc / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(disc / "socket"))
        found = house.bring(disc, disc / "pipe")
    assert counted(found) == {REFUSED: 3}
    assert "a device, a pipe or a socket" in why(found[:1], "pipe")[1]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (part10()[:-3], "longer than what there is of it"),
        (part10()[132:], "128 bytes, DICM and file meta information before it"),
        (ct(), "128 bytes, DICM and file meta information before it"),
        (part10()[:150], "file meta information is cut short"),
        (part10(syntax=wire.BIG_ENDIAN), "transfer syntax is not stored here: Implicit and Explicit"),
        (part10(syntax=wire.DEFLATED), "transfer syntax is not stored here: Implicit and Explicit"),
        (part10(sop_class=b"1.2.3.4"), "SOP class is not stored here: images"),
        (part10(instance=instance(2), data=ct(instance(3))), "must be those of the command"),
        (part10(b""), "the data set is empty"),
    ],
)
def test_what_is_refused_says_why(house: House, disc: Path, content: bytes, says: str) -> None:
    (disc / "a").write_bytes(content)
    (verdict,) = house.bring(disc)
    assert (verdict.became, says in verdict.why) == (REFUSED, True), verdict.why
    assert not house.files()


def test_what_is_too_large_is_refused(tmp_path: Path, disc: Path) -> None:
    (disc / "a").write_bytes(part10())
    (verdict,) = House(tmp_path / "data", most=500).bring(disc)
    assert "larger than the 500 bytes" in verdict.why


def test_a_file_that_grows_is_not_taken(house: House, disc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (disc / "a").write_bytes(part10(ct(pixels=200_000)))
    whole = taking.read

    def grown(opened: taking.Opened, size: int) -> bytes:
        got = whole(opened, size)
        with (disc / "a").open("ab") as file:
            file.write(b"" if got else b"more")
        return got

    monkeypatch.setattr(taking, "read", grown)
    (verdict,) = house.bring(disc)
    assert "it changed while it was read" in verdict.why
    assert not house.files()


def test_a_folder_that_cannot_be_read_is_told_of(
    house: House, disc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.scandir

    def denied(path: str) -> object:
        if str(path).endswith("er"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", denied)
    (disc / "a").write_bytes(part10())
    found = house.bring(disc)
    assert counted(found) == {NEW: 1, REFUSED: 1}
    assert why(found, "er")[1] == "the folder cannot be read (Permission denied)"


def test_who_asks_for_the_end_gets_it_between_two_pieces(house: House, disc: Path) -> None:
    (disc / "a").write_bytes(numbered(1))
    (disc / "b").write_bytes(part10(ct(instance(2), pixels=3_000_000), instance(2)))
    house.patience = 4  # a: before it and in it; b: before it and at its first piece
    with pytest.raises(Stopped):
        house.bring(disc)
    assert not house.staged()
    assert len(house.images.objects) == len(house.files()) == 1
    house.patience = None
    assert counted(house.bring(disc)) == {NEW: 1, HERE: 1}


class Full(Staging):
    """``room``: whether there seems to be some."""

    room = True

    def begin(self, arrival: ObjectArrival) -> StagedObject:
        del arrival
        raise OSError(ENOSPC, "No space left on device")

    def has_room(self) -> bool:
        return self.room


def test_a_full_disk_ends_the_run(house: House, disc: Path) -> None:
    (disc / "a").write_bytes(part10())
    full = Full(Vault(house.folder))
    house.holding = ObjectHolding(full, house.images)
    with pytest.raises(OSError, match="No space left"):
        house.bring(disc)
    full.room = False
    with pytest.raises(Fault, match="no room for objects") as stopped:
        house.bring(disc)
    assert stopped.value.category is Category.UNAVAILABLE
