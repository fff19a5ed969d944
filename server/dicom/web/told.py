"""What a search has found, as DICOM JSON (PS3.18 annex F; tables 10.6.3-3 to 10.6.3-5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword

from server.image_search import Found, Level
from server.images import ImageObject

Attribute = dict[str, Any]
_PATIENT = ("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex")
_STUDY = (
    "StudyDate", "StudyTime", "AccessionNumber", "InstanceAvailability", "ModalitiesInStudy",
    "ReferringPhysicianName", "RetrieveURL", "StudyDescription", *_PATIENT, "StudyInstanceUID", "StudyID",
    "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
)  # fmt: skip
_SERIES = (
    "Modality", "SeriesDescription", "RetrieveURL", "SeriesInstanceUID", "SeriesNumber", "SeriesDate",
    "NumberOfSeriesRelatedInstances", "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime",
    "BodyPartExamined", "Laterality",
)  # fmt: skip
_INSTANCE = (
    "SOPClassUID", "SOPInstanceUID", "InstanceAvailability", "RetrieveURL", "AvailableTransferSyntaxUID",
    "InstanceNumber", "Rows", "Columns", "BitsAllocated", "NumberOfFrames",
)  # fmt: skip
OF_LEVEL = {Level.STUDY: _STUDY, Level.SERIES: _SERIES, Level.INSTANCE: _INSTANCE}
_NUMBERS = frozenset({"IS", "US", "UL", "SS", "SL", "DS"})
_WHOLE = frozenset({"PN", "LT", "ST", "UT", "UR"})
"""A backslash in them separates nothing."""
_ALWAYS_SHOWN = frozenset({*_STUDY, "SeriesNumber", "InstanceNumber", "Modality"})
"""Told with an empty value where there is none (type 2 in the tables)."""


def told(
    found: Found, level: Level, upper: Iterable[Level], included: frozenset[str] | None, base: str
) -> dict[str, Attribute]:
    """``upper``: the levels above of which all is told too; ``included``: more keywords, None for all."""
    values = _values(found, level, base)
    keywords = dict.fromkeys(each for of in (*upper, level) for each in OF_LEVEL[of])
    more = values if included is None else included
    keywords |= dict.fromkeys(each for each in more if each in values)
    made = {"00080005": attribute("SpecificCharacterSet", ["ISO_IR 192"])}
    for keyword in keywords:
        value = values.get(keyword, [])
        if value or keyword in _ALWAYS_SHOWN:
            made[f"{tag_for_keyword(keyword):08X}"] = attribute(keyword, value)
    return dict(sorted(made.items()))


def attribute(keyword: str, values: list[str]) -> Attribute:
    """PS3.18 F.2.2: no Value where there is none."""
    vr = dictionary_VR(keyword)
    if not values:
        return {"vr": vr}
    return {"vr": vr, "Value": [_value(vr, each) for each in values]}


def address(image: ImageObject, level: Level, base: str) -> str:
    """Retrieve URL (0008,1190)."""
    study = f"{base}/studies/{image.named.study}"
    if level is Level.STUDY:
        return study
    series = f"{study}/series/{image.series}"
    return series if level is Level.SERIES else f"{series}/instances/{image.sop_instance}"


def _value(vr: str, text: str) -> Any:
    if vr == "PN":
        groups = zip(("Alphabetic", "Ideographic", "Phonetic"), text.split("="), strict=False)
        return {name: group for name, group in groups if group}
    if vr in _NUMBERS:
        return int(text)
    return text


def _values(found: Found, level: Level, base: str) -> Mapping[str, list[str]]:
    image, named = found.first, found.first.named
    values = {keyword: _split(keyword, text) for keyword, text in image.header.items()}
    values.pop("SpecificCharacterSet", None)  # that of this answer is UTF-8
    values |= {
        "StudyInstanceUID": [named.study],
        "PatientID": _some(named.patient_id),
        "IssuerOfPatientID": _some(named.issuer),
        "AccessionNumber": _some(named.accession),
        "SeriesInstanceUID": [image.series],
        "SOPInstanceUID": [image.sop_instance],
        "SOPClassUID": [image.sop_class],
        "AvailableTransferSyntaxUID": [image.transfer_syntax],
        "InstanceAvailability": ["ONLINE"],
        "RetrieveURL": [address(image, level, base)],
        "ModalitiesInStudy": list(found.modalities),
        "NumberOfStudyRelatedSeries": [str(found.series)],
    }
    counted = {
        Level.STUDY: "NumberOfStudyRelatedInstances",
        Level.SERIES: "NumberOfSeriesRelatedInstances",
    }.get(level)
    values.pop("NumberOfStudyRelatedInstances", None)  # what came, not what a sender announced
    return values | ({counted: [str(found.instances)]} if counted else {})


def _some(text: str) -> list[str]:
    return [text] if text else []


def _split(keyword: str, text: str) -> list[str]:
    """Values stand with backslashes between; of one that is no number of its VR nothing is told."""
    vr = dictionary_VR(keyword)
    values = [text] if vr in _WHOLE else [each.strip() for each in text.split("\\")]
    if vr in _NUMBERS:
        return [each for each in values if each.lstrip("+-").isdigit()]
    return [each for each in values if each]
