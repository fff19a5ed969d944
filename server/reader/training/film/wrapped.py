"""A grey picture as a DX object whose header says all that the reader asks for."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

_ROOT = "1.2.826.0.1.3680043.8.498.7"


def dataset(picture: NDArray[Any], number: int = 1, **header: Any) -> Dataset:
    """An AP film of the chest of a child of four, ``header`` over it; 8 or 16 bits as the picture has."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = UID(f"{_ROOT}.{number}")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    bits = picture.dtype.itemsize * 8
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.update(_said(number))
    made.Rows, made.Columns = picture.shape
    made.BitsAllocated = made.BitsStored = bits
    made.HighBit = bits - 1
    made.PixelRepresentation = int(picture.dtype.kind == "i")
    made.PixelData = np.ascontiguousarray(picture).tobytes()
    if len(made.PixelData) % 2:
        made.PixelData += b"\0"
    for keyword, value in header.items():
        setattr(made, keyword, value)
    return made


def wrapped(picture: NDArray[Any], number: int = 1, **header: Any) -> bytes:
    """The same as a PS3.10 file."""
    held = io.BytesIO()
    dataset(picture, number, **header).save_as(held, enforce_file_format=True)
    return held.getvalue()


def _said(number: int) -> Dataset:
    said = Dataset()
    said.SOPClassUID = DigitalXRayImageStorageForPresentation
    said.SOPInstanceUID = f"{_ROOT}.{number}"
    said.StudyInstanceUID = f"{_ROOT}.{number}.1"
    said.SeriesInstanceUID = f"{_ROOT}.{number}.2"
    said.Modality = "DX"
    said.PatientID = f"made-up-{number}"
    said.PatientAge = "004Y"
    said.StudyDate = "20260101"
    said.BodyPartExamined = "CHEST"
    said.ViewPosition = "AP"
    said.BurnedInAnnotation = "NO"
    said.SamplesPerPixel = 1
    said.PhotometricInterpretation = "MONOCHROME2"
    said.WindowCenter, said.WindowWidth = 128, 256
    return said
