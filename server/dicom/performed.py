"""Modality Performed Procedure Step: what an N-CREATE and an N-SET say of an examination (PS3.4 F.7.2).

Values are taken as they stand there: the library would put a wrong one into the log. Nothing of the patient
is read; an examination is known by the studies that it was scheduled for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from server.completeness import Performed, StepChange, StepState
from server.dicom.dimse.status import Status
from server.dicom.header import is_uid
from server.dicom.upper.negotiation import IMPLICIT_LITTLE
from server.dicom.whole import walk
from server.errors import Fault

LARGEST = 256 * 1024
"""Bytes of a data set: a step that names three thousand images stays below."""
_STATE, _SCHEDULED, _SERIES, _REASONS = 0x00400252, 0x00400270, 0x00400340, 0x00400281
_STUDY, _ACCESSION, _INSTANCE = 0x0020000D, 0x00080050, 0x00081155
_IMAGES, _OTHERS = 0x00081140, 0x00400220
_CODE, _SCHEME = 0x00080100, 0x00080102
_NEEDED = (0x00400253, 0x00400241, 0x00400244, 0x00400245, _STATE, 0x00080060)
"""Step ID, station, start date and time, status, modality: type 1 of an SCP (PS3.4 table F.7.2-1)."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._^-]{0,15}")
_LONGEST_NUMBER = 16
"""Of an Accession Number (PS3.5 table 6.2-1, SH)."""


class StepRefused(Exception):
    """By which status, and why (PS3.7 annex C; PS3.4 F.7.2.1.4, F.7.2.2.4)."""

    def __init__(self, status: Status, text: str) -> None:
        super().__init__(text)
        self.status = status


def begun(data: bytes, syntax: str, uid: str) -> tuple[Performed, tuple[tuple[str, str], ...]]:
    """The step that an N-CREATE begins, and the (study, accession number) that it was scheduled for.

    Raises:
        StepRefused: it lacks what it must have, or begins otherwise than IN PROGRESS.
    """
    said = _read(data, syntax)
    for tag in _NEEDED:
        _demand(said, tag)
    if _state(said) is not StepState.IN_PROGRESS:
        raise StepRefused(Status.INVALID_ATTRIBUTE, "a step begins with the status IN PROGRESS")
    items = _items(said, _SCHEDULED)
    if not items:
        missing = Status.MISSING_ATTRIBUTE if _SCHEDULED not in said else Status.MISSING_VALUE
        raise StepRefused(missing, "Scheduled Step Attributes Sequence (0040,0270) is needed")
    scheduled = tuple(_scheduled(each) for each in items)
    instances = tuple(dict.fromkeys(_instances(said)))
    return Performed(uid, StepState.IN_PROGRESS, instances), scheduled


def changed(data: bytes, syntax: str) -> StepChange:
    """What an N-SET says. Raises StepRefused."""
    said = _read(data, syntax)
    state = _state(said) if _STATE in said else None
    instances = tuple(dict.fromkeys(_instances(said))) if _SERIES in said else None
    reasons = [each for each in map(_code, _items(said, _REASONS)) if each]
    return StepChange(state, instances, reasons[0] if reasons else "")


def _read(data: bytes, syntax: str) -> Dataset:
    """Its lengths and its depth are looked at before the library is let at it."""
    try:
        walk(data, 0, syntax, frozenset())
    except Fault as failure:
        raise StepRefused(Status.PROCESSING_FAILURE, str(failure)) from failure
    return read_dataset(BytesIO(data), syntax == IMPLICIT_LITTLE, True)


def _state(said: Dataset) -> StepState:
    text = _text(said, _STATE)
    if not text:
        raise StepRefused(Status.MISSING_VALUE, "Performed Procedure Step Status (0040,0252) is empty")
    try:
        return StepState(text)
    except ValueError as error:
        allowed = f"allowed (0040,0252): {', '.join(StepState)}"
        raise StepRefused(Status.INVALID_ATTRIBUTE, allowed) from error


def _demand(said: Dataset, tag: int) -> None:
    named = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    if tag not in said:
        raise StepRefused(Status.MISSING_ATTRIBUTE, f"{named} is needed")
    if not _text(said, tag):
        raise StepRefused(Status.MISSING_VALUE, f"{named} is needed with a value")


def _scheduled(item: Dataset) -> tuple[str, str]:
    _demand(item, _STUDY)
    study, number = _text(item, _STUDY), _text(item, _ACCESSION)
    if not is_uid(study):
        raise StepRefused(Status.INVALID_ATTRIBUTE, "Study Instance UID (0020,000D) is no UID")
    return study, number if len(number) <= _LONGEST_NUMBER and number.isprintable() else ""


def _instances(said: Dataset) -> Iterator[str]:
    """Everything that the series of a step name, images and others; what is no UID names nothing."""
    for series in _items(said, _SERIES):
        for sequence in (_IMAGES, _OTHERS):
            named = (_text(each, _INSTANCE) for each in _items(series, sequence))
            yield from (each for each in named if is_uid(each))


def _code(item: Dataset) -> str:
    """A discontinuation reason (CID 9301): code and scheme; empty when it is none that could be shown."""
    code, scheme = _text(item, _CODE), _text(item, _SCHEME)
    return f"{code} ({scheme})" if _PLAIN.fullmatch(code) and _PLAIN.fullmatch(scheme) else ""


def _items(said: Dataset, tag: int) -> Sequence[Dataset]:
    if tag not in said:
        return ()
    element = said[tag]
    return tuple(element.value or ()) if element.VR == "SQ" else ()


def _text(said: Dataset, tag: int) -> str:
    element = said.get_item(tag) if tag in said else None
    value = element.value if element is not None else None
    return value.decode("ascii", "replace").strip("\0 ") if isinstance(value, bytes) else str(value or "")
