"""From a data set to the bytes of a file that is always the same (PS3.10 section 7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import BytesIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, ExplicitVRLittleEndian

from server.dicom.pens.opinion import Instance, Written
from server.dicom.upper.answer import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

_TO_BE_NAMED = "2.25.0"


def date_all(written: Dataset, moment: datetime) -> None:
    """Dates and times that a library took from the clock, as of ``moment``."""
    day, time = moment.strftime("%Y%m%d"), moment.strftime("%H%M%S.%f")
    for keyword in ("InstanceCreation", "Content"):
        if f"{keyword}Date" in written:
            setattr(written, f"{keyword}Date", day)
            setattr(written, f"{keyword}Time", time)


def seal(written: Dataset, named: Callable[[bytes], str]) -> Written:
    """The file, and its SOP Instance UID, which ``named`` makes of all that stands in it."""
    written.SOPInstanceUID = _TO_BE_NAMED
    written.SOPInstanceUID = named(_file(written))
    return Written(Instance.of(written), _file(written))


def _file(written: Dataset) -> bytes:
    written.file_meta = FileMetaDataset()
    written.file_meta.MediaStorageSOPClassUID = written.SOPClassUID
    written.file_meta.MediaStorageSOPInstanceUID = written.SOPInstanceUID
    written.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    written.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    written.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    stream = BytesIO()
    dcmwrite(stream, written, enforce_file_format=True)
    return stream.getvalue()
