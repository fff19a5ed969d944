"""Films whose headers are not as one would like them."""

from __future__ import annotations

from pathlib import Path

from pydicom import dcmread
from pydicom.data import get_charset_files, get_testdata_file
from pydicom.dataset import Dataset

from tests.dicom.pens.films import film

_SCRIPTS = (
    "chrArab",
    "chrFren",
    "chrGreek",
    "chrH31",
    "chrH32",
    "chrHbrw",
    "chrI2",
    "chrRuss",
    "chrX1",
    "chrX2",
)
_SCANS = ("CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_gdcm.dcm", "liver_1frame.dcm")
_WHO = (
    "SpecificCharacterSet", "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate",
    "StudyTime", "AccessionNumber", "StudyID", "ReferringPhysicianName", "StudyInstanceUID",
    "SeriesInstanceUID", "SOPInstanceUID", "StudyDescription", "IssuerOfPatientID",
)  # fmt: skip


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def issuer() -> Dataset:
    item = Dataset()
    item.LocalNamespaceEntityID = "RIS-Süd"
    item.UniversalEntityID, item.UniversalEntityIDType = "1.2.3.99", "ISO"
    return item


def without(*keywords: str) -> Dataset:
    header = film()
    for keyword in keywords:
        delattr(header, keyword)
    return header


def _of(path: str) -> Dataset:
    """A film with the patient and the study of another object, still encoded as they are there."""
    other = dcmread(path, stop_before_pixels=True)
    header = film()
    for keyword in _WHO:
        if keyword in other:
            header[keyword] = other[keyword]
        elif not keyword.endswith("UID"):
            header.pop(keyword, None)
    return header


def valid() -> dict[str, Dataset]:
    """Headers that the standard allows."""
    chest = {"BodyPartExamined": "CHEST", "ViewPosition": "PA"}
    return {
        "plain": film(),
        "chest": film(**chest),
        "digital": film(**chest, Modality="DX", SOPClassUID="1.2.840.10008.5.1.4.1.1.1.1"),
        "smallest": film(Rows=200, Columns=200),
        "large": film(Rows=3001, Columns=2431, **chest),
        "empty type 2": film(
            PatientName="", PatientID="", PatientBirthDate="", PatientSex="", StudyDate="", StudyTime="",
            StudyID="", AccessionNumber="", ReferringPhysicianName="",
        ),
        "no study date": without("StudyDate", "StudyTime"),
        "no patient id": without("PatientID", "IssuerOfPatientID"),
        "no orientation": without("PatientOrientation"),
        "lies on its side": film(PatientOrientation=["A", "F"]),
        "no spacing": without("ImagerPixelSpacing"),
        "spacing at the body": film(PixelSpacing=[0.139, 0.139]),
        "shape of pixels only": film(ImagerPixelSpacing=None, PixelAspectRatio=[2, 1]),
        "has a place": film(
            FrameOfReferenceUID="1.2.3.44",
            ImageOrientationPatient=[1, 0, 0, 0, 0, -1],
            ImagePositionPatient=[-10, 20, 30],
        ),
        "frame without a place": film(FrameOfReferenceUID="1.2.3.44"),
        "lossy": film(
            LossyImageCompression="01",
            LossyImageCompressionRatio=[10.5],
            LossyImageCompressionMethod="ISO_10918_1",
        ),
        "lossy, nobody knows how": film(LossyImageCompression="01"),
        "another clock": film(TimezoneOffsetFromUTC="+0530"),
        "own procedure": film(ProcedureCodeSequence=[code("RTHO1", "99KIS", "Thorax a.p.")]),
        "requested procedure": film(RequestAttributesSequence=[_requested()]),
        "issuers": film(
            IssuerOfAccessionNumberSequence=[issuer()], IssuerOfPatientIDQualifiersSequence=[issuer()]
        ),
        "coded region": film(AnatomicRegionSequence=[code("39607008", "SCT", "Lung")]),
        "three groups": film(
            SpecificCharacterSet="ISO_IR 192", PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう"
        ),
        **{name: _of(path) for name, path in _scripts().items()},
    }  # fmt: skip


def invalid() -> dict[str, Dataset]:
    """Headers that it does not allow, and that come all the same."""
    return {
        "written by hand": _loosely(StudyDate="4 March 2026", PatientSex="female", StudyTime="10:11"),
        "long id": _loosely(PatientID="9" * 80),
        "clock that is none": _loosely(TimezoneOffsetFromUTC="+9900"),
        "words for numbers": _loosely(ImagerPixelSpacing="unknown"),
        "place that is none": film(
            FrameOfReferenceUID="1.2.3.44",
            ImageOrientationPatient=[0, 0, 0, 0, 0, 0],
            ImagePositionPatient=[0, 0, 0],
        ),
        "no numbers": raw(
            ImagerPixelSpacing=b"wide\\tall ",
            ImagePositionPatient=b"1\\x\\3 ",
            LossyImageCompressionRatio=b"? ",
        ),
        "one direction": film(PatientOrientation="L"),
        "directions in words": _loosely(PatientOrientation=["left", "feet"]),
        "withdrawn code": film(ProcedureCodeSequence=[code("P5-09000", "SRT", "Radiography")]),
        "half a code": film(ProcedureCodeSequence=[code("", "99KIS", "Thorax")]),
        "nothing at all": without(
            "SpecificCharacterSet", "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate",
            "PatientSex", "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName",
            "Modality", "ViewPosition", "PatientOrientation", "ImagerPixelSpacing",
        ),
        **{name: _of(str(get_testdata_file(name))) for name in _SCANS},
    }  # fmt: skip


def _scripts() -> dict[str, str]:
    files = {Path(path).stem: path for path in get_charset_files("*.dcm")}
    return {name: files[name] for name in _SCRIPTS}


def _requested() -> Dataset:
    item = Dataset()
    item.RequestedProcedureID = "R1"
    item.RequestedProcedureCodeSequence = [code("36554-4", "LN", "XR Chest Single view")]
    return item


def _loosely(**values: str | list[str]) -> Dataset:
    from pydicom.config import IGNORE
    from pydicom.datadict import dictionary_VR, tag_for_keyword
    from pydicom.dataelem import DataElement

    header = film()
    for keyword, value in values.items():
        tag = tag_for_keyword(keyword)
        vr = "LO" if keyword == "ImagerPixelSpacing" else dictionary_VR(tag)
        header.add(DataElement(tag, vr, value, validation_mode=IGNORE))
    return header


def raw(**values: bytes) -> Dataset:
    """As it is before anybody has looked at it."""
    from pydicom.datadict import dictionary_VR, tag_for_keyword
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    header = film(FrameOfReferenceUID="1.2.3.44", LossyImageCompression="01")
    for keyword, value in values.items():
        tag = Tag(tag_for_keyword(keyword))
        vr = dictionary_VR(tag)
        kind = "UN" if vr == "SQ" else vr
        header[tag] = RawDataElement(tag, kind, len(value), value, 0, False, True)
    return header
