"""The film as highdicom wants to be shown it: nothing missing, nothing that it would refuse.

What is about the patient is left empty here; ``heading`` copies it from the film afterwards, to the letter.
"""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.valuerep import DS

from server.dicom.pens.film_grid import numbers
from server.dicom.pens.opinion import FilmOpinion, Instance

_EMPTY = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate",
    "StudyTime", "ReferringPhysicianName",
)  # fmt: skip


def bare(instance: Instance) -> Dataset:
    """An object of which only the name is known."""
    shown = Dataset()
    shown.SOPClassUID = instance.sop_class
    shown.SOPInstanceUID = instance.sop_instance
    shown.SeriesInstanceUID = instance.series
    shown.StudyInstanceUID = instance.study
    for keyword in _EMPTY:
        setattr(shown, keyword, "")
    return shown


def bare_film(opinion: FilmOpinion) -> Dataset:
    """The film, with the size of its grid and whether it was ever compressed with loss."""
    film, shown = opinion.film, bare(opinion.film_instance)
    shown.Rows, shown.Columns = int(film.Rows), int(film.Columns)
    shown.Modality = str(film.get("Modality") or "OT")
    copy_loss(film, shown)
    return shown


def copy_loss(film: Dataset, written: Dataset) -> None:
    """Loss is never undone, and all that is derived says so (PS3.3 C.7.6.1.1.5)."""
    written.LossyImageCompression = "01" if film.get("LossyImageCompression") == "01" else "00"
    if written.LossyImageCompression == "00":
        return
    if ratios := numbers(film, "LossyImageCompressionRatio"):
        written.LossyImageCompressionRatio = [DS(each, auto_format=True) for each in ratios]
    if film.get("LossyImageCompressionMethod"):
        written.LossyImageCompressionMethod = film.LossyImageCompressionMethod
