"""Whom and which study an object is about: copied from the film, to the letter (PS3.3 C.7.1.1, C.7.2.1).

Archives file an object by these values. A value that the standard would not allow is copied as it is: a
patient ID mended by us would be another patient's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

_ALWAYS = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
    "ReferringPhysicianName", "StudyID", "AccessionNumber",
)  # fmt: skip
"""Type 2: there, if need be empty."""
_IF_SAID = (
    "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence", "OtherPatientIDsSequence",
    "PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence",
    "IssuerOfAccessionNumberSequence", "StudyDescription", "PatientAge",
)  # fmt: skip
_TEXTS = {"AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UT"}
UTF_8 = "ISO_IR 192"
_LONGEST_OFFSET = timedelta(hours=14)


def head(written: Dataset, film: Dataset) -> None:
    """Give ``written`` the patient and the study of ``film``, in UTF-8 whatever the film's encoding is."""
    written.SpecificCharacterSet = UTF_8
    written.StudyInstanceUID = str(film.StudyInstanceUID)
    for keyword in (*_ALWAYS, *_IF_SAID):
        written.pop(keyword, None)
    for element in identification(film):
        written.add(element)
    if clock(film) is not None:
        written.TimezoneOffsetFromUTC = str(film.TimezoneOffsetFromUTC)


def identification(film: Dataset) -> Iterator[DataElement]:
    """The attributes by which a study and its patient are known."""
    for keyword in _ALWAYS:
        yield _copied(film, keyword)
    for keyword in _IF_SAID:
        if _says(film, keyword):
            yield _copied(film, keyword)


def accession(film: Dataset) -> Iterator[DataElement]:
    """The accession number, with who issued it."""
    yield _copied(film, "AccessionNumber")
    if _says(film, "IssuerOfAccessionNumberSequence"):
        yield _copied(film, "IssuerOfAccessionNumberSequence")


def items(film: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none where it is not there, or no sequence."""
    try:
        stated = film.get(keyword)
    except (OSError, ValueError):  # pydicom reads a sequence when it is first asked for
        return []
    return list(stated) if isinstance(stated, Sequence) else []


def _says(film: Dataset, keyword: str) -> bool:
    return bool(items(film, keyword) if keyword.endswith("Sequence") else film.get(keyword))


def clock(film: Dataset) -> tzinfo | None:
    """The offset that holds for all times of an object, the study's among them (PS3.3 C.12.1.1.8)."""
    said = re.fullmatch(r"([+-])(\d{2})([0-5]\d)", str(film.get("TimezoneOffsetFromUTC") or "").strip())
    if said is None:
        return None
    offset = timedelta(hours=int(said[2]), minutes=int(said[3]))
    if offset > _LONGEST_OFFSET:
        return None
    return timezone(-offset if said[1] == "-" else offset)


def local(moment: datetime, film: Dataset, zone: tzinfo) -> datetime:
    """``moment`` as the clocks showed it beside which the film's own times are read."""
    return moment.astimezone(clock(film) or zone)


def _copied(film: Dataset, keyword: str) -> DataElement:
    tag = tag_for_keyword(keyword)
    assert tag is not None  # noqa: S101 - keywords are written above, or were just read
    vr = dictionary_VR(tag)
    if vr == "SQ":
        return DataElement(tag, vr, [_texts(item) for item in items(film, keyword)])
    return DataElement(tag, vr, _text(film.get(keyword)), validation_mode=IGNORE)


def _texts(item: Dataset) -> Dataset:
    """The standard texts of an item, and those within."""
    copy = Dataset()
    for element in item:
        if element.keyword and (element.VR == "SQ" or element.VR in _TEXTS):
            copy.add(_copied(item, element.keyword))
    return copy


def _text(value: Any) -> str | list[str]:
    """Decoded: names keep their alphabetic, ideographic and phonetic groups."""
    if isinstance(value, MultiValue | list | tuple):
        return [str(each) for each in value]
    return "" if value is None else str(value)
