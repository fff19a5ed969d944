"""What comes through the DICOM door: the file durable in the vault first, then its row, then the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from server.errors import Fault
from server.images import ImageObject, Images, Named
from server.objects import (
    Filed,
    Header,
    ObjectArrival,
    Outcome,
    Receiving,
    ReceivingFile,
    Refused,
)

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
    """``server.objects.Holding`` over the vault and the store of images."""

    files: Files
    images: Images

    def begin(self, arrival: ObjectArrival) -> Receiving:
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
        source=arrival.source or f"{arrival.calling_ae}>{arrival.called_ae}",
        header=_told(header),
    )


def _told(header: Header) -> dict[str, str]:
    values = {keyword: getattr(header, name) for name, keyword in _KEYWORDS.items()}
    told = {keyword: str(value) for keyword, value in values.items() if value is not None}
    return told | ({"LossyImageCompression": "01"} if header.lossy else {})
