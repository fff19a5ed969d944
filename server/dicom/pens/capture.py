"""The opinion as a secondary capture: a picture that says all that it has to say (PS3.3 A.8.1).

For viewers that show neither reports nor maps; it goes beside them, never instead of them (IHE AIR).
"""

from __future__ import annotations

import numpy as np
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from server.dicom.pens import equipment
from server.dicom.pens.codes import dcm, short
from server.dicom.pens.film_grid import height_by_width, patient_orientation
from server.dicom.pens.heading import head, local
from server.dicom.pens.opinion import MARK, FilmOpinion, Written
from server.dicom.pens.picture import SPEAKS_FOR, Caption, Colours, Grey, picture
from server.dicom.pens.region import UNPAIRED
from server.dicom.pens.sealing import date_all, seal
from server.dicom.pens.source import copy_loss
from server.dicom.pens.uids import instance_uid, series_uid

KIND = "capture"
_SERIES_NUMBER = 9003
_MOST_REASONS = 300


@disable_value_validation()  # pydicom's warnings quote what they warn of
def write_capture(opinion: FilmOpinion, grey: Grey) -> Written:
    """``grey``: the film as it is shown, dark where air is, on its own grid or a coarser one.

    Raises:
        ValueError: ``grey`` is not a picture of 8-bit grey.
    """
    if grey.dtype != np.uint8 or grey.ndim != 2 or not grey.size:
        raise ValueError("the film must be handed in as rows and columns of 8-bit grey")
    stretch = height_by_width(opinion.film) * _coarseness(opinion.film, grey)
    written = Dataset()
    _describe(written, opinion)
    _show(written, picture(grey, stretch, opinion.shown, _caption(opinion)))
    copy_loss(opinion.film, written)
    head(written, opinion.film)
    equipment.equip(written, opinion)
    date_all(written, local(opinion.read.made_at, opinion.film, opinion.zone))
    return seal(written, lambda content: instance_uid(opinion.read, KIND, content))


def _coarseness(film: Dataset, grey: Grey) -> float:
    """How much more the rows were thinned out than the columns."""
    tall, wide = grey.shape
    return float(film.Rows * wide / (film.Columns * tall))


def _describe(written: Dataset, opinion: FilmOpinion) -> None:
    finding = opinion.card.finding.display
    written.SOPClassUID = SecondaryCaptureImageStorage
    written.Modality = "OT"
    written.ConversionType = "WSD"
    written.SeriesInstanceUID = series_uid(opinion.read, KIND)
    written.SeriesNumber = _SERIES_NUMBER
    written.SeriesDescription = short(f"AI picture: {finding}, not verified by a clinician")
    written.InstanceNumber = 1
    written.ImageType = ["DERIVED", "SECONDARY"]
    written.BurnedInAnnotation = "YES"
    part = str(opinion.film.get("BodyPartExamined") or "")
    written.BodyPartExamined = part
    if opinion.film.get("Laterality") or part not in UNPAIRED:
        written.Laterality = str(opinion.film.get("Laterality") or "")
    written.PatientOrientation = list(patient_orientation(opinion.film) or ())
    written.DerivationDescription = f"{MARK}: the film, reduced, with the answer and what speaks for it"
    written.SourceImageSequence = [_source(opinion)]
    for keyword in ("InstanceCreationDate", "ContentDate"):
        setattr(written, keyword, "")


def _source(opinion: FilmOpinion) -> Dataset:
    source = Dataset()
    source.ReferencedSOPClassUID = opinion.film_instance.sop_class
    source.ReferencedSOPInstanceUID = opinion.film_instance.sop_instance
    source.PurposeOfReferenceCodeSequence = [dcm("121322", "Source image for image processing operation")]
    return source


def _show(written: Dataset, colours: Colours) -> None:
    written.Rows, written.Columns, written.SamplesPerPixel = colours.shape
    written.PhotometricInterpretation = "RGB"
    written.PlanarConfiguration = 0
    written.BitsAllocated = written.BitsStored = 8
    written.HighBit = 7
    written.PixelRepresentation = 0
    pixels = colours.tobytes()
    written.PixelData = pixels + b"\0" * (len(pixels) % 2)


def _caption(opinion: FilmOpinion) -> Caption:
    """The words of the report, cut to what a picture holds."""
    read, finding = opinion.read, opinion.card.finding.display
    reader = f"Reader {opinion.card.name} {opinion.card.version}, {opinion.card.manufacturer}"
    if read.answer is None:
        reasons = "; ".join(read.reasons)
        why = reasons if len(reasons) <= _MOST_REASONS else reasons[:_MOST_REASONS].rstrip() + "…"
        return Caption(MARK, f"{finding}: no answer", (f"Reason: {why}", reader))
    chance = (
        []
        if read.probability is None
        else [f"Calibrated probability of presence {_rounded(read.probability)}"]
    )
    return Caption(MARK, f"{finding}: {read.answer.value}", (*chance, *_legend(opinion), reader))


def _rounded(chance: float) -> str:
    """Two decimals, and never 0.00 or 1.00: no model is certain."""
    return f"{min(max(chance, 0.01), 0.99):.2f}"


def _legend(opinion: FilmOpinion) -> tuple[str, ...]:
    finding = opinion.card.finding.display
    finding = finding[:1].lower() + finding[1:]
    if opinion.shown is None:
        return ()
    if float(opinion.shown.max()) < SPEAKS_FOR:
        return (f"No part of the film, taken alone, speaks for {finding}",)
    return (f"Amber: what speaks for {finding}; it is not the outline of a finding",)
