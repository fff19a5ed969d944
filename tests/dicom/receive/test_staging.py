"""The file of an object: ours before the data set, the sender's after it; of what is refused, nothing."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from server.dicom.receive.staging import Staging
from server.dicom.upper.answer import IMPLEMENTATION_CLASS_UID
from server.errors import Category, Fault
from server.objects import Held, ObjectArrival, Refused
from server.store.vault import Vault
from tests.dicom import wire
from tests.dicom.door import NOW
from tests.dicom.encoded import (
    ITEM,
    ITEM_END,
    SEQUENCE_END,
    SERIES,
    STUDY,
    UNDEFINED,
    bare,
    ct,
    elements,
    encode,
    explicit,
)
from tests.dicom.encoded import implicit as implicitly

ARRIVAL = ObjectArrival(
    calling_ae="CT1",
    called_ae="SECOND_READER",
    peer="127.0.0.1",
    sop_class=wire.CT.decode(),
    sop_instance=wire.INSTANCE.decode(),
    syntax=wire.EXPLICIT.decode(),
    received_at=NOW,
)


def left(folder: Path) -> list[str]:
    return [str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()]


@pytest.mark.parametrize("pixels", [512, 3_000_000], ids=["in-memory", "on-disk"])
@pytest.mark.parametrize("piece", [100_000, 10_000_000])
def test_a_file_of_ps3_10(tmp_path: Path, pixels: int, piece: int) -> None:
    data, vault = ct(pixels=pixels), Vault(tmp_path)
    receiving = Staging(vault).begin(ARRIVAL)
    for at in range(0, len(data), piece):
        receiving.write(data[at : at + piece])
    filed = receiving.file()
    receiving.abandon()
    kept = vault.get(filed.digest)
    assert left(tmp_path) == [f"vault/{filed.digest[:2]}/{filed.digest}"]
    assert kept.endswith(data)
    assert filed.size == len(kept)
    assert filed.digest == hashlib.sha256(kept).hexdigest()
    assert filed.data_digest == hashlib.sha256(data).hexdigest()
    meta = pydicom.dcmread(io.BytesIO(kept)).file_meta
    assert meta.FileMetaInformationVersion == b"\0\1"
    assert meta.MediaStorageSOPClassUID == ARRIVAL.sop_class
    assert meta.MediaStorageSOPInstanceUID == ARRIVAL.sop_instance
    assert meta.TransferSyntaxUID == ARRIVAL.syntax
    assert meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert meta.ImplementationVersionName == "SECOND_READER"
    assert kept[: 128 + 4 + 12 + meta.FileMetaInformationGroupLength] == kept[: -len(data)]


def test_the_header_is_told_and_its_values_are_not_printed(tmp_path: Path) -> None:
    receiving = Staging(Vault(tmp_path)).begin(ARRIVAL)
    receiving.write(ct())
    found = receiving.file().header
    assert (found.study, found.series) == (STUDY.decode(), SERIES.decode())
    assert (found.patient_id, found.patient_name, found.birth_date) == ("PAT-1", "Müller^Ada", "19700101")
    assert (found.accession, found.modality, found.instance_number) == ("ACC-1", "CT", 7)
    assert (found.rows, found.columns, found.frames, found.lossy) == (16, 16, None, False)
    for value in ("PAT-1", "Ada", "1970", "ACC-1"):
        assert value not in repr(found)


@pytest.mark.parametrize("undefined", [True, False])
@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize("more", [b"", b"1.2.3 "], ids=["local", "universal"])
def test_who_gave_the_accession_number_is_told(
    tmp_path: Path, *, implicit: bool, undefined: bool, more: bytes
) -> None:
    write = implicitly if implicit else explicit
    inner = write(0x00400031, b"UT", b"HOSP-B") + write(0x00400032, b"UT", more)
    item = bare(ITEM, inner, UNDEFINED) + bare(ITEM_END) if undefined else bare(ITEM, inner)
    value = item + bare(SEQUENCE_END) if undefined else item
    sequence = write(0x00080051, b"SQ", value, UNDEFINED if undefined else None)
    before, after = split(implicit=implicit)
    syntax = (wire.IMPLICIT if implicit else wire.EXPLICIT).decode()
    receiving = Staging(Vault(tmp_path)).begin(replace(ARRIVAL, syntax=syntax))
    receiving.write(before + sequence + after)
    found = receiving.file().header
    assert (found.accession, found.accession_issuer) == ("ACC-1", more.decode().strip() or "HOSP-B")


def split(*, implicit: bool) -> tuple[bytes, bytes]:
    """The CT image before and after where the sequence belongs."""
    listed = elements()
    first = {tag: each for tag, each in listed.items() if tag < 0x00080051}
    rest = {tag: each for tag, each in listed.items() if tag > 0x00080051}
    return encode(first, in_implicit=implicit), encode(rest, in_implicit=implicit)


def test_the_same_object_again_is_one_file(tmp_path: Path) -> None:
    staging = Staging(Vault(tmp_path))
    for _ in range(2):
        receiving = staging.begin(ARRIVAL)
        receiving.write(ct())
        assert receiving.finish() is Held.STORED
    assert len(left(tmp_path)) == 1


@pytest.mark.parametrize("pixels", [512, 3_000_000])
def test_what_is_refused_leaves_nothing(tmp_path: Path, pixels: int) -> None:
    receiving = Staging(Vault(tmp_path)).begin(ARRIVAL)
    receiving.write(ct(pixels=pixels)[:-1])
    outcome = receiving.finish()
    assert isinstance(outcome, Refused)
    assert outcome.category is Category.INCORRECT
    assert left(tmp_path) == []


@pytest.mark.parametrize("uid", ["", "1", "../x", "1.2.a", "1." * 40 + "1"])
def test_what_names_no_object_is_refused_at_once(tmp_path: Path, uid: str) -> None:
    with pytest.raises(Fault) as refused:
        Staging(Vault(tmp_path)).begin(replace(ARRIVAL, sop_instance=uid))
    assert refused.value.category is Category.UNPROCESSABLE


def test_room_is_two_gigabytes_or_a_twentieth() -> None:
    class Disk(Vault):
        def __init__(self, free: int, whole: int) -> None:
            self.of = free, whole

        def free(self) -> tuple[int, int]:
            return self.of

    gib = 1024**3
    assert not Staging(Disk(2 * gib - 1, 1000 * gib)).has_room()
    assert Staging(Disk(2 * gib, 1000 * gib)).has_room()
    assert Staging(Disk(5, 100)).has_room()
    assert not Staging(Disk(4, 100)).has_room()
