"""What comes through the DICOM door: objects get a record, reports on commitments wake who waits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from server.dicom.receive.staging import Staging
from server.dicom.upper.negotiation import COMMITMENT, EXPLICIT_LITTLE, IMPLICIT_LITTLE
from server.errors import Category, Fault
from server.holding import ObjectHolding
from server.images import ImageObject, Study
from server.objects import Held, ObjectArrival, Refused
from server.store.vault import Vault
from tests.dicom import wire
from tests.dicom.door import NOW
from tests.dicom.encoded import ct

ARRIVAL = ObjectArrival(
    calling_ae="CT1",
    called_ae="READER",
    peer="127.0.0.1",
    sop_class=wire.CT.decode(),
    sop_instance=wire.INSTANCE.decode(),
    syntax=wire.EXPLICIT.decode(),
    received_at=NOW,
)
REPORT = replace(ARRIVAL, sop_class=COMMITMENT, sop_instance="1.2.840.10008.1.20.1.1")


@dataclass
class Remembered:
    """Stands for the store of images."""

    held: list[ImageObject] = field(default_factory=list)
    fails: bool = False

    def hold(self, came: ImageObject) -> Held:
        if self.fails:
            raise Fault(Category.UNAVAILABLE)
        self.held.append(came)
        return Held.STORED

    def study(self, uid: str) -> Study | None:
        raise NotImplementedError

    def studies_of(self, accession: str) -> tuple[str, ...]:
        raise NotImplementedError


@dataclass
class Promises:
    """Stands for the store of commitments; knows one transaction."""

    heard_of: list[Any] = field(default_factory=list)

    def heard(
        self, transaction: str, committed: Collection[str], failed: Mapping[str, int], at: datetime
    ) -> bool:
        self.heard_of.append((transaction, set(committed), dict(failed), at))
        return transaction == "2.25.1"


def report(transaction: str, *, implicit: bool, failed: bool = False) -> bytes:
    reference = Dataset()
    reference.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.34"
    reference.ReferencedSOPInstanceUID = "2.25.7"
    said = Dataset()
    said.TransactionUID = transaction
    if failed:
        reference.FailureReason = 0x0112
        said.FailedSOPSequence = [reference]
    else:
        said.ReferencedSOPSequence = [reference]
    written = DicomBytesIO()
    written.is_little_endian, written.is_implicit_VR = True, implicit
    write_dataset(written, said)
    return written.getvalue()


def holding(folder: Path, promises: Promises | None = None, images: Any = None) -> ObjectHolding:
    return ObjectHolding(Staging(Vault(folder)), images or Remembered(), promises)  # type: ignore[arg-type]


def test_an_object_gets_its_record(tmp_path: Path) -> None:
    images = Remembered()
    coming = holding(tmp_path, images=images).begin(ARRIVAL)
    coming.write(ct())
    assert coming.finish() is Held.STORED
    [record] = images.held
    assert (record.sop_instance, record.source) == (wire.INSTANCE.decode(), "CT1>READER")
    assert Vault(tmp_path).get(record.file).endswith(ct())


def test_a_record_that_cannot_be_written_is_no_success(tmp_path: Path) -> None:
    coming = holding(tmp_path, images=Remembered(fails=True)).begin(ARRIVAL)
    coming.write(ct())
    with pytest.raises(Fault):
        coming.finish()


def test_an_object_that_is_not_whole_gets_none(tmp_path: Path) -> None:
    images = Remembered()
    coming = holding(tmp_path, images=images).begin(ARRIVAL)
    coming.write(ct()[:-7])
    assert isinstance(coming.finish(), Refused)
    assert images.held == []


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE])
@pytest.mark.parametrize("failed", [False, True])
def test_a_report_is_heard(tmp_path: Path, syntax: str, failed: bool) -> None:
    promises = Promises()
    coming = holding(tmp_path, promises).begin(replace(REPORT, syntax=syntax))
    told = report("2.25.1", implicit=syntax == IMPLICIT_LITTLE, failed=failed)
    coming.write(told[:9])
    coming.write(told[9:])
    assert coming.finish() is Held.STORED
    expected = (set(), {"2.25.7": 0x0112}) if failed else ({"2.25.7"}, {})
    assert promises.heard_of == [("2.25.1", *expected, NOW)]


@pytest.mark.filterwarnings("ignore:Expected explicit VR")
@pytest.mark.parametrize(
    "told", [report("2.25.2", implicit=False), b"", b"\x08\x00", BytesIO(bytes(300)).getvalue()]
)
def test_what_reports_on_nothing_of_ours_is_refused(tmp_path: Path, told: bytes) -> None:
    coming = holding(tmp_path, Promises()).begin(REPORT)
    coming.write(told)
    assert isinstance(coming.finish(), Refused)


def test_a_report_has_a_limit(tmp_path: Path) -> None:
    coming = holding(tmp_path, Promises()).begin(REPORT)
    coming.write(bytes(1024 * 1024))
    with pytest.raises(Fault) as caught:
        coming.write(b"x")
    assert caught.value.category is Category.TOO_LARGE
    coming.abandon()


def test_a_door_that_hears_no_reports_takes_none(tmp_path: Path) -> None:
    coming = holding(tmp_path).begin(REPORT)
    coming.write(report("2.25.1", implicit=False))
    assert isinstance(coming.finish(), Refused)
