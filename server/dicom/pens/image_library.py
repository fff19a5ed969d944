"""The image library: what the reader was shown, and what it needs to be shown beside it (PS3.16 TID 1600)."""

from __future__ import annotations

from collections.abc import Iterator

from highdicom.sr import (
    CodeContentItem,
    CodedConcept,
    ContainerContentItem,
    ContentItem,
    ContentSequence,
    ImageContentItem,
    NumContentItem,
    TextContentItem,
    UIDRefContentItem,
)
from highdicom.sr.enum import RelationshipTypeValues
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from server.dicom.pens.codes import MILLIMETRE, PIXELS, SOURCE, dcm
from server.dicom.pens.film_grid import patient_orientation, spacing
from server.dicom.pens.opinion import FilmOpinion

_CONTEXT = RelationshipTypeValues.HAS_ACQ_CONTEXT
_CONTAINS = RelationshipTypeValues.CONTAINS
_MODALITIES = {"CR": "Computed Radiography", "DX": "Digital Radiography"}
_VIEWS = {
    "AP": CodedConcept("399348003", "SCT", "antero-posterior"),
    "PA": CodedConcept("272479007", "SCT", "postero-anterior"),
}
"""CID 4010, for films that say View Position (0018,5101) in letters."""


def image_library(opinion: FilmOpinion) -> ContainerContentItem:
    """One group: the film that was read, described.

    Of other objects that were looked at no header is at hand; they stand in the evidence.
    """
    entry = ImageContentItem(
        name=SOURCE,
        referenced_sop_class_uid=opinion.film_instance.sop_class,
        referenced_sop_instance_uid=opinion.film_instance.sop_instance,
        relationship_type=_CONTAINS,
    )
    entry.ContentSequence = ContentSequence(list(_descriptors(opinion.film)))
    return _container(dcm("111028", "Image Library"), _container(dcm("126200", "Image Library Group"), entry))


def _container(name: CodedConcept, *items: ContentItem) -> ContainerContentItem:
    container = ContainerContentItem(name=name, relationship_type=_CONTAINS)
    container.ContentSequence = ContentSequence(items)
    return container


def _descriptors(film: Dataset) -> Iterator[ContentItem]:
    """TID 1602, and of TID 1603 what the film states."""
    modality = str(film.get("Modality") or "")
    if modality in _MODALITIES:
        yield _code(codes.DCM.Modality, dcm(modality, _MODALITIES[modality]))
    view = str(film.get("ViewPosition") or "")
    if view in _VIEWS:
        yield _code(codes.DCM.ImageView, _VIEWS[view])
    if film.get("FrameOfReferenceUID"):
        yield UIDRefContentItem(codes.DCM.FrameOfReferenceUID, film.FrameOfReferenceUID, _CONTEXT)
    yield _number(codes.DCM.PixelDataRows, int(film.Rows), PIXELS)
    yield _number(codes.DCM.PixelDataColumns, int(film.Columns), PIXELS)
    if axes := patient_orientation(film):
        yield TextContentItem(codes.DCM.PatientOrientationRow, axes[0], _CONTEXT)
        yield TextContentItem(codes.DCM.PatientOrientationColumn, axes[1], _CONTEXT)
    if size := spacing(film):
        yield _number(codes.DCM.HorizontalPixelSpacing, size[1], MILLIMETRE)
        yield _number(codes.DCM.VerticalPixelSpacing, size[0], MILLIMETRE)


def _code(name: CodedConcept, value: CodedConcept) -> CodeContentItem:
    return CodeContentItem(name=name, value=value, relationship_type=_CONTEXT)


def _number(name: CodedConcept, value: float, unit: CodedConcept) -> NumContentItem:
    return NumContentItem(name=name, value=value, unit=unit, relationship_type=_CONTEXT)
