"""Made-up objects to send: a structured report, and a film."""

from __future__ import annotations

from io import BytesIO

from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from server.model import Document

COMPREHENSIVE_3D_SR = "1.2.840.10008.5.1.4.1.1.88.34"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
STUDY, SERIES = "2.25.1001", "2.25.1002"


def uid(number: int) -> str:
    return f"2.25.{5000 + number}"


def part10(number: int = 1, sop_class: str = COMPREHENSIVE_3D_SR, pixels: int = 0) -> bytes:
    """A file of one object; ``pixels`` makes it an image of so many bytes, a multiple of 100."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = uid(number)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = sop_class, uid(number)
    made.StudyInstanceUID, made.SeriesInstanceUID = STUDY, SERIES
    made.PatientID, made.PatientName, made.Modality = "P-1", "Dapple^Grey", "SR"
    made.PatientBirthDate = made.PatientSex = made.StudyDate = made.StudyTime = ""
    made.AccessionNumber, made.StudyID, made.SeriesNumber, made.InstanceNumber = "A-1", "", "1", str(number)
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = (
        "126000",
        "DCM",
        "Imaging Measurement Report",
    )
    made.ConceptNameCodeSequence = [code]
    if pixels:
        made.Rows, made.Columns, made.BitsAllocated, made.BitsStored = pixels // 100, 100, 8, 8
        made.HighBit, made.PixelRepresentation, made.SamplesPerPixel = 7, 0, 1
        made.PhotometricInterpretation, made.ConversionType, made.Modality = "MONOCHROME2", "WSD", "OT"
        made.PixelData = (bytes(range(256)) * (pixels // 256 + 1))[:pixels]
    buffer = BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def document(number: int = 1, destination: str = "pacs", content: bytes | None = None) -> Document:
    return Document(f"d{number}", "sr", destination, "application/dicom", content or part10(number))
