"""CT images for a bench to send: files with instances of their own, so that no receiver has them already."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def write(folder: Path, edge: int, count: int) -> Path:
    """``count`` images of ``edge`` by ``edge`` pixels, one series; returns the folder."""
    folder.mkdir(parents=True)
    study, series = generate_uid(), generate_uid()
    pixels = np.random.default_rng(edge).integers(0, 4096, (edge, edge), dtype=np.uint16).tobytes()
    for number in range(1, count + 1):
        image = _image(edge, pixels)
        image.StudyInstanceUID, image.SeriesInstanceUID = study, series
        image.InstanceNumber = str(number)
        image.save_as(folder / f"{number:05d}.dcm", enforce_file_format=True)
    return folder


def _image(edge: int, pixels: bytes) -> Dataset:
    image = Dataset()
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.PatientName, image.PatientID = "Bench^Made Up", "BENCH-1"
    image.Modality, image.StudyDate = "CT", "20260105"
    image.Rows = image.Columns = edge
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
    image.PixelData = pixels
    return image
