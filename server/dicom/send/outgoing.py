"""What must be known of an object to send it: read from its bytes, which stay as they are; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from pydicom import dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileDataset

from server.dicom.unreadable import UNREADABLE
from server.errors import Category
from server.model import Document
from server.ports import Undelivered

MEDIA_TYPE: Final = "application/dicom"
_UID: Final = re.compile(r"(?=.{1,64}$)(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_NAMED: Final = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_META: Final = ("MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID", "TransferSyntaxUID")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One object on its way."""

    document: str
    sop_class: str
    sop_instance: str
    study: str
    series: str
    transfer_syntax: str
    content: bytes
    """The whole file (PS3.10); the network carries what follows its meta information."""


def outgoing(document: Document) -> Outgoing:
    """Raises Undelivered(UNPROCESSABLE) when it is no object that could be sent."""
    if document.media_type != MEDIA_TYPE:
        raise _unfit("it is not application/dicom")
    try:
        found = dcmread(BytesIO(document.content), stop_before_pixels=True, specific_tags=list(_NAMED))
    except UNREADABLE as error:
        raise _unfit("it is not a whole DICOM file (PS3.10)") from error
    sop_class, sop_instance, study, series = (_uid(found, name) for name in _NAMED)
    meta = [_text(found.file_meta, name) for name in _META]
    if meta[:2] != [sop_class, sop_instance] or not _UID.fullmatch(meta[2]):
        raise _unfit("its meta information does not say what it is")
    return Outgoing(document.id, sop_class, sop_instance, study, series, meta[2], document.content)


def _uid(found: FileDataset, name: str) -> str:
    value = _text(found, name)
    if not _UID.fullmatch(value):
        raise _unfit(f"its {name} is no UID (PS3.5 section 9)")
    return value


def _text(found: Dataset, name: str) -> str:
    """As it stands in the file: the library would put a wrong value into the log."""
    tag = tag_for_keyword(name)
    element = found.get_item(tag) if tag is not None and tag in found else None
    value = element.value if element is not None else None
    return value.decode("ascii", "replace").rstrip("\0 ") if isinstance(value, bytes) else str(value or "")


def _unfit(why: str) -> Undelivered:
    text = f"the object cannot be sent: {why}"
    return Undelivered(Category.UNPROCESSABLE, "structure", text, untouched=True)
