"""A small modality: it looks at its worklist, makes films, and sends them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.presentation import build_context

COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"
WORKLIST = "1.2.840.10008.5.1.4.31"
PERFORMED = "1.2.840.10008.3.1.2.3.3"
_DEPTH = 12
"""Bits of a film's values."""


class NotTaken(Exception):
    """The other side did not accept the association, or not the object; with its status."""


def mint() -> str:
    """A UID (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


@dataclass(frozen=True, slots=True)
class Order:
    """What a film is made for: of the worklist, or made up."""

    patient_id: str = "P-1"
    patient_name: str = "Grey^Dapple"
    issuer: str = ""
    accession: str = "A-1"
    study: str = field(default_factory=mint)

    @staticmethod
    def read(item: Dataset) -> Order:
        """From an item of a worklist (PS3.4 K.6)."""
        return Order(
            patient_id=str(item.get("PatientID", "")),
            patient_name=str(item.get("PatientName", "")),
            issuer=str(item.get("IssuerOfPatientID", "")),
            accession=str(item.get("AccessionNumber", "")),
            study=str(item.get("StudyInstanceUID", "") or mint()),
        )


def films(order: Order, count: int = 1, rows: int = 256, columns: int = 256) -> Iterator[FileDataset]:
    """Films of one series (PS3.3 A.2): a bright field on a dark ground, another one in each."""
    series = mint()
    for number in range(1, count + 1):
        film = _film(order, series, number)
        film.Rows, film.Columns = rows, columns
        film.PixelData = _pixels(number, rows, columns)
        yield film


def taken(order: Order, picture: NDArray[np.uint8], view: str, number: int = 1) -> FileDataset:
    """A film whose grey values are those of a picture (height, width), of 8 bits."""
    film = _film(order, mint(), number)
    film.ViewPosition = view
    film.Rows, film.Columns = picture.shape
    film.BitsAllocated, film.BitsStored, film.HighBit = 8, 8, 7
    content = picture.tobytes()
    film.PixelData = content + b"\0" * (len(content) % 2)  # even lengths only (PS3.5 section 8.1.1)
    return film


def _film(order: Order, series: str, number: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(COMPUTED_RADIOGRAPHY)
    meta.MediaStorageSOPInstanceUID = UID(mint())
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    now = datetime.now(UTC)
    film = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128, is_implicit_VR=False)
    film.SpecificCharacterSet = "ISO_IR 192"
    film.SOPClassUID, film.SOPInstanceUID = COMPUTED_RADIOGRAPHY, meta.MediaStorageSOPInstanceUID
    film.PatientID, film.PatientName, film.AccessionNumber = (
        order.patient_id,
        order.patient_name,
        order.accession,
    )
    if order.issuer:
        film.IssuerOfPatientID = order.issuer
    film.PatientBirthDate = film.PatientSex = film.ReferringPhysicianName = film.StudyID = film.Laterality = (
        ""
    )
    film.StudyInstanceUID, film.SeriesInstanceUID = order.study, series
    film.StudyDate = film.SeriesDate = film.ContentDate = now.strftime("%Y%m%d")
    film.StudyTime = film.SeriesTime = film.ContentTime = now.strftime("%H%M%S")
    film.Modality, film.BodyPartExamined, film.ViewPosition = "CR", "CHEST", "PA"
    film.SeriesNumber, film.InstanceNumber = 1, number
    film.Manufacturer, film.ManufacturerModelName = "Second Reader", "made-up film"
    film.ImageType = ["ORIGINAL", "PRIMARY"]
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    film.BitsAllocated, film.BitsStored, film.HighBit, film.PixelRepresentation = 16, _DEPTH, _DEPTH - 1, 0
    return film


def _pixels(number: int, rows: int, columns: int) -> bytes:
    down, across = np.mgrid[0:rows, 0:columns]
    middle = (rows * (0.3 + 0.1 * (number % 4)), columns / 2)
    far = np.hypot((down - middle[0]) / rows, (across - middle[1]) / columns)
    light = np.clip(1 - 2 * far, 0, 1) * (2**_DEPTH - 1)
    return bytes(light.astype("<u2").tobytes())


@dataclass(frozen=True, slots=True)
class Modality:
    """One of a hospital's machines, and whom it knows."""

    host: str
    port: int
    called: str
    ae: str = "MODALITY"
    timeout: float = 30.0

    def send(self, made: Sequence[FileDataset]) -> list[int]:
        """C-STORE all of them on one association; the status of each. Raises NotTaken."""
        opened = self._open(COMPUTED_RADIOGRAPHY, [ExplicitVRLittleEndian])
        try:
            return [_status(opened.send_c_store(each)) for each in made]
        finally:
            _end(opened)

    def worklist(self, modality: str = "CR") -> list[Order]:
        """What is scheduled for this machine (PS3.4 K). Raises NotTaken."""
        opened = self._open(WORKLIST, [ExplicitVRLittleEndian, "1.2.840.10008.1.2"])
        try:
            found = []
            for status, item in opened.send_c_find(_asked(modality), WORKLIST):
                if _status(status) in (0xFF00, 0xFF01) and item is not None:
                    found.append(Order.read(item))
            return found
        finally:
            _end(opened)

    def begin(self, order: Order) -> str:
        """Say that an examination has begun (MPPS, PS3.4 F.7.2.1); its UID. Raises NotTaken."""
        uid = mint()
        self._tell(uid, _begun(order, self.ae), begin=True)
        return uid

    def end(self, step: str, made: Sequence[FileDataset]) -> None:
        """Say that it is over, and what was made in it (PS3.4 F.7.2.2). Raises NotTaken."""
        self._tell(step, _over(made), begin=False)

    def _tell(self, uid: str, said: Dataset, *, begin: bool) -> None:
        opened = self._open(PERFORMED, [ExplicitVRLittleEndian, "1.2.840.10008.1.2"])
        try:
            send = opened.send_n_create if begin else opened.send_n_set
            status = _status(send(said, PERFORMED, uid)[0])
        finally:
            _end(opened)
        if status:
            raise NotTaken(f"what was said of the examination was not taken: {status:04X}")

    def _open(self, abstract: str, transfers: list[str]) -> Association:
        entity = AE(self.ae)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = self.timeout
        entity.connection_timeout = self.timeout
        context = build_context(abstract, list(transfers))
        opened = entity.associate(self.host, self.port, contexts=[context], ae_title=self.called)
        if not opened.is_established:
            raise NotTaken("the association was not accepted")
        return opened


def _asked(modality: str) -> Dataset:
    step = Dataset()
    step.Modality = modality
    step.ScheduledStationAETitle = step.ScheduledProcedureStepStartDate = ""
    asked = Dataset()
    asked.PatientName = asked.PatientID = asked.IssuerOfPatientID = asked.AccessionNumber = ""
    asked.StudyInstanceUID = asked.RequestedProcedureID = ""
    asked.ScheduledProcedureStepSequence = [step]
    return asked


def _begun(order: Order, station: str) -> Dataset:
    scheduled, said, now = Dataset(), Dataset(), datetime.now(UTC)
    scheduled.StudyInstanceUID, scheduled.AccessionNumber = order.study, order.accession
    scheduled.RequestedProcedureID = scheduled.ScheduledProcedureStepID = ""
    said.ScheduledStepAttributesSequence = [scheduled]
    said.PatientID, said.PatientName = order.patient_id, order.patient_name
    said.PatientBirthDate = said.PatientSex = ""
    said.PerformedProcedureStepID, said.PerformedStationAETitle = "1", station
    said.PerformedProcedureStepStartDate = now.strftime("%Y%m%d")
    said.PerformedProcedureStepStartTime = now.strftime("%H%M%S")
    said.PerformedProcedureStepEndDate = said.PerformedProcedureStepEndTime = ""
    said.PerformedProcedureStepStatus, said.Modality = "IN PROGRESS", "CR"
    said.PerformedSeriesSequence = []
    return said


def _over(made: Sequence[FileDataset]) -> Dataset:
    said, now = Dataset(), datetime.now(UTC)
    said.PerformedProcedureStepStatus = "COMPLETED"
    said.PerformedProcedureStepEndDate = now.strftime("%Y%m%d")
    said.PerformedProcedureStepEndTime = now.strftime("%H%M%S")
    said.PerformedSeriesSequence = [
        _series([each for each in made if each.SeriesInstanceUID == uid])
        for uid in dict.fromkeys(each.SeriesInstanceUID for each in made)
    ]
    return said


def _series(made: Sequence[FileDataset]) -> Dataset:
    series, named = Dataset(), []
    for each in made:
        reference = Dataset()
        reference.ReferencedSOPClassUID = each.SOPClassUID
        reference.ReferencedSOPInstanceUID = each.SOPInstanceUID
        named.append(reference)
    series.SeriesInstanceUID, series.ProtocolName = made[0].SeriesInstanceUID, "CHEST"
    series.ReferencedImageSequence = named
    series.RetrieveAETitle = series.SeriesDescription = series.OperatorsName = ""
    return series


def _status(answer: Dataset) -> int:
    if "Status" not in answer:
        raise NotTaken("the association ended, or its time, before it was answered")
    return int(answer.Status)


def _end(opened: Association) -> None:
    if opened.is_established:
        opened.release()
