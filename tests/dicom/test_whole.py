"""No part of a data set passes for the whole; real files are whole, and read as pydicom reads them."""

from __future__ import annotations

import random
import re
import time
import zlib
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_files

from server.dicom.header import WANTED, header
from server.dicom.upper.negotiation import DEFLATED, SYNTAXES
from server.dicom.whole import walk
from server.errors import Category, Fault
from tests.dicom import wire
from tests.dicom.encoded import ct

EXPLICIT, IMPLICIT = wire.EXPLICIT.decode(), wire.IMPLICIT.decode()


def parts(path: Path) -> tuple[str, bytes] | None:
    """Transfer syntax and data set of a file that has both, in a syntax that we take or deflated."""
    raw = path.read_bytes()
    if raw[128:140] != b"DICM\x02\0\0\0UL\x04\0":
        return None
    syntax = str(pydicom.filereader.read_file_meta_info(path).get("TransferSyntaxUID", ""))
    start = 144 + int.from_bytes(raw[140:144], "little")
    return (syntax, raw[start:]) if syntax in SYNTAXES | {DEFLATED} else None


LOCAL = Path(pydicom.data.__file__).parent / "test_files"
FILES = {path.name: found for path in sorted(LOCAL.glob("*.dcm")) if (found := parts(path)) is not None}
BROKEN = {"MR_truncated.dcm", "rtplan_truncated.dcm", "SC_rgb_jpeg.dcm"}
"""Two are cut; one is not in its transfer syntax."""


def test_there_are_files() -> None:
    assert len(FILES) > 40
    assert get_testdata_files("CT_small.dcm")


@pytest.mark.parametrize("name", sorted(FILES.keys() - BROKEN))
def test_a_real_file_is_whole(name: str) -> None:
    syntax, data = FILES[name]
    whole = walk(data, 0, syntax, WANTED)
    seen = pydicom.dcmread(LOCAL / name, stop_before_pixels=True)
    if "SOPInstanceUID" not in seen or "StudyInstanceUID" not in seen or "SeriesInstanceUID" not in seen:
        return  # whole, and no more than that
    assert whole.values[0x00080018].rstrip(b"\0").decode() == seen.SOPInstanceUID
    if not (seen.StudyInstanceUID and seen.SeriesInstanceUID):
        with pytest.raises(Fault, match="must be there"):
            header(whole, str(seen.SOPClassUID), str(seen.SOPInstanceUID))
        return
    found, _ = header(whole, str(seen.SOPClassUID), str(seen.SOPInstanceUID))
    assert found.study == seen.StudyInstanceUID
    assert (found.patient_id or "") == seen.get("PatientID", "").strip()
    assert (found.patient_name or "") == str(seen.get("PatientName", "")).strip()
    assert (found.rows, found.columns) == (seen.get("Rows"), seen.get("Columns"))
    assert found.modality == seen.get("Modality")


@pytest.mark.parametrize("name", sorted(BROKEN & FILES.keys()))
def test_what_is_wrong_with_a_real_file_is_seen(name: str) -> None:
    syntax, data = FILES[name]
    with pytest.raises(Fault) as refused:
        walk(data, 0, syntax, WANTED)
    assert refused.value.category is Category.INCORRECT


@pytest.mark.parametrize("implicit", [False, True])
def test_no_proper_part_passes_for_the_whole(*, implicit: bool) -> None:
    """Unless it is cut between two elements: then it is whole, and what it lacks is another's to miss."""
    data, syntax = ct(pixels=64, in_implicit=implicit), IMPLICIT if implicit else EXPLICIT
    walk(data, 0, syntax, WANTED)
    passed = sum(_passes(data[:end], syntax) for end in range(len(data)))
    assert passed == 15, "one for each element's beginning"


def _passes(data: bytes, syntax: str) -> bool:
    try:
        walk(data, 0, syntax, WANTED)
    except Fault:
        return False
    return True


@pytest.mark.parametrize("name", ["JPEG2000.dcm", "MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm"])
def test_encapsulated_pixels_cut_anywhere_are_seen(name: str) -> None:
    syntax, data = FILES[name]
    found = re.search(rb"\xe0\x7f\x10\x00O[BW]\0\0\xff\xff\xff\xff", data)
    assert found is not None
    begin = found.start() + 1
    draw = random.Random(3)
    for end in {begin, len(data) - 1, *(draw.randrange(begin, len(data)) for _ in range(200))}:
        with pytest.raises(Fault):
            walk(data[:end], 0, syntax, WANTED)


def test_changed_bytes_never_do_more_than_refuse() -> None:
    draw, data = random.Random(11), FILES["CT_small.dcm"][1][:6000]
    for _ in range(2000):
        changed = bytearray(data)
        for _ in range(draw.randint(1, 6)):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        for syntax in (EXPLICIT, IMPLICIT, wire.RLE.decode()):
            try:
                found = walk(bytes(changed), 0, syntax, WANTED)
                header(found, "1.2", "1.3")
            except Fault:
                continue


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush()
    return packed + b"\0" * (len(packed) % 2)


def test_a_deflated_data_set_is_walked_within_a_limit() -> None:
    packed = _deflated(ct())
    assert walk(packed, 0, DEFLATED, WANTED).values[0x00080060] == b"CT"
    for bad in (packed[: len(packed) // 2], packed + b"more", b"no deflate at all"):
        with pytest.raises(Fault) as refused:
            walk(bad, 0, DEFLATED, WANTED)
        assert refused.value.category is Category.INCORRECT
    bomb, began = _deflated(bytes(200_000_000)), time.process_time()
    with pytest.raises(Fault) as refused:
        walk(bomb, 0, DEFLATED, WANTED)
    assert refused.value.category is Category.TOO_LARGE
    assert time.process_time() - began < 1.0


def test_pixels_are_not_read() -> None:
    data = ct(pixels=50_000_000)
    began = time.process_time()
    walk(data, 0, EXPLICIT, WANTED)
    assert time.process_time() - began < 0.01
