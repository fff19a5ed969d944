"""Which parts of the film speak for the finding, as a parametric map (PS3.3 A.75).

Its values are the model's own, to be read and not only to be looked at; (130402, DCM, "Class activation")
says what they are. The map of a network is coarse: it is sent with at most MOST pixels each way.
"""

from __future__ import annotations

from highdicom import (
    PixelMeasuresSequence,
    PlaneOrientationSequence,
    PlanePositionSequence,
    VOILUTTransformation,
)
from highdicom.pm import ParametricMap, RealWorldValueMapping
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset

from server.dicom.pens import equipment
from server.dicom.pens.coarse import NOT_SEEN, coarser, step
from server.dicom.pens.codes import CLASS_ACTIVATION, ONE, short
from server.dicom.pens.heading import head, local
from server.dicom.pens.opinion import FilmOpinion, Map, Written
from server.dicom.pens.region import region
from server.dicom.pens.sealing import date_all, seal
from server.dicom.pens.source import bare_film
from server.dicom.pens.space import Space, space_of
from server.dicom.pens.uids import instance_uid, minted, series_uid

KIND = "map"
MOST = 256
_SERIES_NUMBER = 9002
_MEANING = "Probability if all looked as here; 0.5: neither way, 0: not seen"
_SLICE = 1.0
"""A plane has no thickness, and the standard wants one."""


@disable_value_validation()  # pydicom's warnings quote what they warn of
def write_map(opinion: FilmOpinion) -> Written | None:
    """None where there is nothing to explain.

    Raises:
        ValueError: the map is not on the film's grid.
    """
    if opinion.shown is None:
        return None
    film, read, space = opinion.film, opinion.read, space_of(opinion.film)
    if opinion.shown.shape != (int(film.Rows), int(film.Columns)):
        raise ValueError("the map must have the rows and columns of the film")
    written = _map(opinion, opinion.shown, space)
    _amend(written, film, space)
    head(written, film)
    equipment.equip(written, opinion)
    date_all(written, local(read.made_at, film, opinion.zone))
    return seal(written, lambda content: instance_uid(read, KIND, content))


def _map(opinion: FilmOpinion, shown: Map, space: Space) -> Dataset:
    by = step(shown.shape[0], shown.shape[1], MOST)
    card = opinion.card
    return ParametricMap(
        source_images=[_placed(opinion, space)],
        pixel_array=coarser(shown, by),
        series_instance_uid=series_uid(opinion.read, KIND),
        series_number=_SERIES_NUMBER,
        sop_instance_uid="2.25.0",
        instance_number=1,
        manufacturer=equipment.manufacturer(card),
        manufacturer_model_name=equipment.model_name(card),
        software_versions=equipment.version(card),
        device_serial_number=equipment.serial_number(card),
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[_mapping()],
        voi_lut_transformations=[VOILUTTransformation(window_center=0.5, window_width=1.0)],
        pixel_measures=PixelMeasuresSequence([by * each for each in space.spacing], _SLICE),
        plane_orientation=PlaneOrientationSequence("PATIENT", (*space.row, *space.column)),
        plane_positions=[PlanePositionSequence("PATIENT", space.place(by))],
        content_label="AI_MAP",
        content_description=short(f"AI, not verified: what speaks for {opinion.card.finding.display}"),
        image_flavor="STATIC",
        series_description=short(f"AI map: {opinion.card.finding.display}, not verified by a clinician"),
    )


def _placed(opinion: FilmOpinion, space: Space) -> Dataset:
    """The film, in its space."""
    film = bare_film(opinion)
    film.FrameOfReferenceUID = space.uid
    film.PositionReferenceIndicator = ""
    film.PixelSpacing, film.SliceThickness = list(space.spacing), _SLICE
    film.ImageOrientationPatient = [*space.row, *space.column]
    film.ImagePositionPatient = list(space.origin)
    return film


def _mapping() -> RealWorldValueMapping:
    return RealWorldValueMapping(
        lut_label="AI",
        lut_explanation=_MEANING,
        unit=ONE,
        value_range=(0.0, 1.0),
        slope=1.0,
        intercept=0.0,
        quantity_definition=CLASS_ACTIVATION,
    )


def _amend(written: Dataset, film: Dataset, space: Space) -> None:
    """What highdicom draws at random, leaves out, or says of volumes."""
    uid = minted("dimensions", space.uid)
    for each in (*written.DimensionOrganizationSequence, *written.DimensionIndexSequence):
        each.DimensionOrganizationUID = uid
    shared, frame = written.SharedFunctionalGroupsSequence[0], written.PerFrameFunctionalGroupsSequence[0]
    shared.FrameAnatomySequence = [_anatomy(film)]
    del shared.PixelMeasuresSequence[0].SpacingBetweenSlices
    source = frame.DerivationImageSequence[0].SourceImageSequence[0]
    source.SpatialLocationsPreserved = "YES"
    if space.made_up:
        frame.FrameContentSequence[0].FrameComments = space.made_up
    written.FloatPixelPaddingValue = NOT_SEEN
    written.FloatPixelPaddingRangeLimit = NOT_SEEN


def _anatomy(film: Dataset) -> Dataset:
    anatomy = Dataset()
    anatomy.FrameLaterality = "U"
    anatomy.AnatomicRegionSequence = [region(film)]
    return anatomy
