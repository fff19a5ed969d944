"""File-sets: what the DICOMDIR names is imported, what is missing and what it does not name is told."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from struct import pack
from zipfile import ZipFile

import pytest
from pydicom.data import get_testdata_file

from server.dicom.files.found import Became
from tests.dicom import wire
from tests.dicom.encoded import ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, bare, even, explicit, implicit
from tests.dicom.files.brought import House, counted, why
from tests.dicom.web.messages import part10

NEW, MISSING, REFUSED, DIRECTORY = Became.NEW, Became.MISSING, Became.REFUSED, Became.DIRECTORY
CLASS = b"1.2.840.10008.1.3.10"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "data")


def directory(
    names: Sequence[str], *, in_implicit: bool = False, delimited: bool = False, unused: Sequence[str] = ()
) -> bytes:
    """A DICOMDIR with one record for each File ID."""
    write = implicit if in_implicit else explicit

    def record(name: str) -> bytes:
        inner = write(0x00041410, b"US", b"\0\0" if name in unused else b"\xff\xff")
        inner += write(0x00041430, b"CS", b"IMAGE ")
        inner += write(0x00041500, b"CS", even(name.encode("latin-1"))) if name else b""
        # A private sequence, with what looks like a File ID of the record.
        nested = bare(ITEM, write(0x00041500, b"CS", b"NESTED"), UNDEFINED) + bare(ITEM_END)
        inner += write(0x00091010, b"SQ", nested + bare(SEQUENCE_END), UNDEFINED)
        return bare(ITEM, inner, UNDEFINED) + bare(ITEM_END) if delimited else bare(ITEM, inner)

    records = b"".join(record(each) for each in names)
    sequence = write(0x00041220, b"SQ", records + bare(SEQUENCE_END) if delimited else records,
                     UNDEFINED if delimited else None)  # fmt: skip
    data = write(0x00041130, b"CS", b"DISC") + write(0x00041212, b"US", pack("<H", 0)) + sequence
    return part10(data, b"1.2.3", CLASS, wire.IMPLICIT if in_implicit else wire.EXPLICIT)


def disc(tmp_path: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        path = tmp_path / "disc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(part10(instance=wire.INSTANCE + b".%d" % number))
    return tmp_path / "disc"


@pytest.mark.parametrize("in_implicit", [False, True])
@pytest.mark.parametrize("delimited", [False, True])
def test_what_it_names_is_imported(
    house: House, tmp_path: Path, *, in_implicit: bool, delimited: bool
) -> None:
    made = disc(tmp_path, "IMAGES/A", "IMAGES/B", "IMAGES/C", "AUTORUN.EXE")
    named = ["", "IMAGES\\A", "IMAGES\\B ", "IMAGES\\C", "IMAGES\\D"]
    (made / "DICOMDIR").write_bytes(
        directory(named, in_implicit=in_implicit, delimited=delimited, unused=["IMAGES\\C"])
    )
    found = house.bring(made / "DICOMDIR")
    assert counted(found) == {DIRECTORY: 1, NEW: 2, MISSING: 1, Became.UNREFERENCED: 2}
    assert why(found, "IMAGES\\D")[0] is MISSING
    assert why(found, "IMAGES/C")[0] is Became.UNREFERENCED


def test_of_a_folder_everything_is_imported_and_what_is_missing_told(house: House, tmp_path: Path) -> None:
    made = disc(tmp_path, "sub/images/a", "sub/images/b")
    (made / "sub" / "DICOMDIR").write_bytes(directory(["IMAGES\\A", "IMAGES\\X"]))
    found = house.bring(made)
    assert counted(found) == {DIRECTORY: 1, NEW: 2, MISSING: 1}
    assert why(found, "IMAGES\\X")[1] == "the DICOMDIR names it, and it is not there"


def test_in_a_zip_as_in_a_folder(house: House, tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("disc/DICOMDIR", directory(["IMAGES\\A", "IMAGES\\X"]))
        file.writestr("disc/IMAGES/A", part10())
    assert counted(house.bring(tmp_path / "a.zip")) == {DIRECTORY: 1, NEW: 1, MISSING: 1}


@pytest.mark.parametrize(
    "name", ["..\\secret", "..\\..\\etc\\passwd", "\\etc\\passwd", "C:\\a", "A/../B", "A\\.\\B", "A\\\\B"]
)
def test_names_that_lead_out_are_refused(house: House, tmp_path: Path, name: str) -> None:
    """CVE-2026-32711 by another way in."""
    (tmp_path / "secret").write_bytes(part10())
    made = disc(tmp_path, "A")
    (made / "DICOMDIR").write_bytes(directory([name]))
    found = house.bring(made / "DICOMDIR")
    assert counted(found) == {DIRECTORY: 1, REFUSED: 1, Became.UNREFERENCED: 1}
    assert "below the DICOMDIR" in next(each.why for each in found if each.became is REFUSED)
    assert not house.images.objects


def test_a_name_that_could_be_two_is_missing(house: House, tmp_path: Path) -> None:
    made = disc(tmp_path, "a", "b", "B")
    (made / "DICOMDIR").write_bytes(directory(["A", "b", "B"]))
    assert counted(house.bring(made / "DICOMDIR"))[NEW] == 3
    (made / "DICOMDIR").write_bytes(directory(["C", "c"]))
    assert counted(house.bring(made / "DICOMDIR"))[MISSING] == 2


@pytest.mark.parametrize("cut", [3, 40, 90])
def test_one_that_is_cut_is_refused(house: House, tmp_path: Path, cut: int) -> None:
    made = disc(tmp_path, "A")
    (made / "DICOMDIR").write_bytes(directory(["A", "B"])[:-cut])
    (verdict,) = house.bring(made / "DICOMDIR")
    assert verdict.became is REFUSED


def test_one_that_names_itself_and_one_file_twice(house: House, tmp_path: Path) -> None:
    made = disc(tmp_path, "A")
    (made / "DICOMDIR").write_bytes(directory(["DICOMDIR", "A", "A"]))
    assert counted(house.bring(made / "DICOMDIR")) == {DIRECTORY: 1, NEW: 1}


FOREIGN = Path(str(get_testdata_file("DICOMDIR", download=False))).parent


@pytest.mark.parametrize(
    "name", ["DICOMDIR", "DICOMDIR-implicit", "DICOMDIR-nopatient", "DICOMDIR-reordered"]
)
def test_those_of_pydicom(house: House, name: str) -> None:
    found = house.bring(FOREIGN / name)
    assert counted(found)[NEW] == 31
    assert MISSING not in counted(found)
    assert not [each for each in found if each.became is REFUSED], found


def test_one_whose_lengths_do_not_add_up_is_refused(house: House) -> None:
    (verdict,) = house.bring(FOREIGN / "DICOMDIR-nooffset")
    assert (verdict.became, verdict.why) == (REFUSED, "an item is longer than what there is of it")


def test_one_in_big_endian_says_what_is_read(house: House) -> None:
    (verdict,) = house.bring(FOREIGN / "DICOMDIR-bigEnd")
    assert verdict.became is REFUSED
    assert "Explicit VR Little Endian" in verdict.why


def test_a_whole_disc_of_pydicom_with_a_file_gone(house: House, tmp_path: Path) -> None:
    shutil.copytree(FOREIGN / "TINY_ALPHA", tmp_path / "disc")
    (gone,) = (tmp_path / "disc").rglob("IM00000J")
    gone.unlink()
    found = house.bring(tmp_path / "disc")
    assert counted(found)[MISSING] == 1
    assert counted(found)[NEW] == 49
