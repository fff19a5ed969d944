"""What comes through the DICOM door: the file durable in the vault first, then its row, then the answer."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Protocol

from pydicom.filereader import read_dataset

from server.completeness import Steps
from server.dicom.send.commitment import told
from server.dicom.unreadable import UNREADABLE
from server.dicom.upper.negotiation import COMMITMENT, IMPLICIT_LITTLE, PERFORMED
from server.errors import Category, Fault, fault
from server.images import OWN, ImageObject, Images, Named
from server.objects import (
    Filed,
    Header,
    Held,
    ObjectArrival,
    Outcome,
    Receiving,
    ReceivingFile,
    Refused,
)
from server.performing import StepMessage
from server.ports import Commitments

_LARGEST_REPORT = 1024 * 1024
_KEYWORDS = {
    "modality": "Modality",
    "body_part": "BodyPartExamined",
    "view_position": "ViewPosition",
    "laterality": "Laterality",
    "series_number": "SeriesNumber",
    "instance_number": "InstanceNumber",
    "rows": "Rows",
    "columns": "Columns",
    "samples": "SamplesPerPixel",
    "bits": "BitsAllocated",
    "planar": "PlanarConfiguration",
    "frames": "NumberOfFrames",
    "patient_name": "PatientName",
    "birth_date": "PatientBirthDate",
    "sex": "PatientSex",
    "age": "PatientAge",
    "study_date": "StudyDate",
    "study_time": "StudyTime",
    "study_id": "StudyID",
    "study_description": "StudyDescription",
    "referring": "ReferringPhysicianName",
    "maker": "Manufacturer",
    "maker_model": "ManufacturerModelName",
    "software": "SoftwareVersions",
    "series_description": "SeriesDescription",
    "step_date": "PerformedProcedureStepStartDate",
    "step_time": "PerformedProcedureStepStartTime",
    "series_date": "SeriesDate",
    "acquisition_date": "AcquisitionDate",
    "instances_of_study": "NumberOfStudyRelatedInstances",
    "character_set": "SpecificCharacterSet",
}
"""Fields of the header -> what PS3.6 calls them."""


class Files(Protocol):
    """Where the bytes go (``server.dicom.receive.staging``)."""

    def begin(self, arrival: ObjectArrival) -> ReceivingFile:
        """Raises OSError or Fault."""
        ...

    def has_room(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class ObjectHolding:
    """``server.objects.Holding`` over the vault, the store of images and what archives promise."""

    files: Files
    images: Images
    commitments: Commitments | None = None
    """Of a door by which archives report; None: all that comes here is objects."""
    steps: Steps | None = None
    """Of a door by which modalities tell of their examinations."""

    def begin(self, arrival: ObjectArrival) -> Receiving:
        if self.steps is not None and arrival.sop_class == PERFORMED:
            return StepMessage(arrival, self.steps)
        if self.commitments is not None and arrival.sop_class == COMMITMENT:
            return _Report(arrival, self.commitments)
        return _Coming(arrival, self.files.begin(arrival), self.images)

    def has_room(self) -> bool:
        return self.files.has_room()


@dataclass(frozen=True, slots=True)
class _Coming:
    """One object on its way."""

    arrival: ObjectArrival
    file: ReceivingFile
    images: Images

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.file.write(data)

    def finish(self) -> Outcome:
        """A row that cannot be written is no success; the file without one is found again by its digest."""
        try:
            filed = self.file.file()
        except Fault as failure:
            return Refused(failure.category, str(failure))
        return self.images.hold(image_of(self.arrival, filed))

    def abandon(self) -> None:
        self.file.abandon()


class _Report:
    """What an archive says of objects that we sent it: small, read as a whole, never kept as it came."""

    def __init__(self, arrival: ObjectArrival, commitments: Commitments) -> None:
        self._arrival = arrival
        self._commitments = commitments
        self._data = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if len(self._data) + len(data) > _LARGEST_REPORT:
            raise fault(Category.TOO_LARGE, "too-long", "a report on storage commitment has 1 MiB at most")
        self._data += data

    def finish(self) -> Outcome:
        """Success once it is written down, and the deliveries that wait for it are due."""
        implicit = self._arrival.syntax == IMPLICIT_LITTLE
        try:
            report = read_dataset(BytesIO(self._data), implicit, True)
            status = told(report, self._commitments, self._arrival.received_at)
        except UNREADABLE:
            return Refused(Category.INCORRECT, "the report cannot be read")
        if status:
            return Refused(Category.NOT_FOUND, "it names no transaction of ours")
        return Held.STORED

    def abandon(self) -> None:
        self._data.clear()


def image_of(arrival: ObjectArrival, filed: Filed) -> ImageObject:
    """The record of what has come."""
    header = filed.header
    return ImageObject(
        sop_instance=header.sop_instance,
        sop_class=header.sop_class,
        series=header.series,
        transfer_syntax=arrival.syntax,
        named=Named(
            study=header.study,
            patient_id=header.patient_id or "",
            issuer=header.patient_id_issuer or "",
            accession=header.accession or "",
            accession_issuer=header.accession_issuer or "",
        ),
        digest=filed.data_digest,
        file=filed.digest,
        size=filed.size,
        received_at=arrival.received_at,
        source=(OWN if header.own else "") + (arrival.source or f"{arrival.calling_ae}>{arrival.called_ae}"),
        header=_told(header),
    )


def _told(header: Header) -> dict[str, str]:
    values = {keyword: getattr(header, name) for name, keyword in _KEYWORDS.items()}
    told = {keyword: str(value) for keyword, value in values.items() if value is not None}
    return told | ({"LossyImageCompression": "01"} if header.lossy else {})
