"""What is said of a study, a series or an instance that a search has found: keyword -> values, as texts."""

from __future__ import annotations

from pydicom.datadict import dictionary_VR

from server.image_search import Found, Level

Values = dict[str, list[str]]
NUMBERS = frozenset({"IS", "US", "UL", "SS", "SL", "DS"})
_WHOLE = frozenset({"PN", "LT", "ST", "UT", "UR"})
"""A backslash in them separates nothing."""
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
OF_LEVEL = {Level.PATIENT: _PATIENT, Level.STUDY: _STUDY, Level.SERIES: _SERIES, Level.INSTANCE: _INSTANCE}
"""What is told of each level (PS3.18 tables 10.6.3-3 to 10.6.3-5; PS3.4 C.6.1.1), where it is known."""
_UPPER = {
    Level.PATIENT: (Level.PATIENT,),
    Level.STUDY: (Level.STUDY,),
    Level.SERIES: (Level.STUDY, Level.SERIES),
    Level.INSTANCE: (Level.STUDY, Level.SERIES, Level.INSTANCE),
}


def told_at(level: Level) -> frozenset[str]:
    """Keywords of which something may be known at a level, those of the levels above it among them."""
    return frozenset(each for upper in _UPPER[level] for each in OF_LEVEL[upper])


def values(found: Found, level: Level) -> Values:
    """What came first is what the whole is said to be."""
    image, named = found.first, found.first.named
    told = {keyword: _split(keyword, text) for keyword, text in image.header.items()}
    told.pop("SpecificCharacterSet", None)  # that of the object, not of the answer
    told.pop("NumberOfStudyRelatedInstances", None)  # what came, not what a sender announced
    told |= {"PatientID": _some(named.patient_id), "IssuerOfPatientID": _some(named.issuer)}
    if level is Level.PATIENT:
        return {keyword: each for keyword, each in told.items() if keyword in _PATIENT}
    counted = {
        Level.STUDY: "NumberOfStudyRelatedInstances",
        Level.SERIES: "NumberOfSeriesRelatedInstances",
    }.get(level)
    return told | {
        "StudyInstanceUID": [named.study],
        "AccessionNumber": _some(named.accession),
        "SeriesInstanceUID": [image.series],
        "SOPInstanceUID": [image.sop_instance],
        "SOPClassUID": [image.sop_class],
        "AvailableTransferSyntaxUID": [image.transfer_syntax],
        "InstanceAvailability": ["ONLINE"],
        "ModalitiesInStudy": list(found.modalities),
        "NumberOfStudyRelatedSeries": [str(found.series)],
        **({counted: [str(found.instances)]} if counted else {}),
    }


def _some(text: str) -> list[str]:
    return [text] if text else []


def _split(keyword: str, text: str) -> list[str]:
    """Values stand with backslashes between; of one that is no number of its VR nothing is told."""
    vr = dictionary_VR(keyword)
    parts = [text] if vr in _WHOLE else [each.strip() for each in text.split("\\")]
    if vr in NUMBERS:
        return [each for each in parts if each.lstrip("+-").isdigit()]
    return [each for each in parts if each]
