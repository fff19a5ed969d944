"""The map of what speaks for a finding: where it lies, and what its numbers mean."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from server.dicom.pens.coarse import coarser, step
from server.dicom.pens.parametric_map import MOST, write_map
from server.dicom.pens.space import space_of
from tests.dicom.pens import awkward, films

FILMS = awkward.valid() | awkward.invalid()


def shown(header: Dataset, **other: object) -> Dataset:
    written = write_map(films.opinion(film=header, **other))
    assert written is not None
    return dcmread(BytesIO(written.content))


def frame(written: Dataset) -> tuple[Dataset, Dataset]:
    return written.SharedFunctionalGroupsSequence[0], written.PerFrameFunctionalGroupsSequence[0]


def test_its_numbers_are_class_activation() -> None:
    shared, _ = frame(shown(films.film()))
    (mapping,) = shared.RealWorldValueMappingSequence
    (quantity,) = mapping.QuantityDefinitionSequence
    assert (quantity.ConceptNameCodeSequence[0].CodeValue, quantity.ConceptCodeSequence[0].CodeValue) == (
        "246205007",
        "130402",
    )
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (1, 0)
    assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == "1"


@pytest.mark.parametrize(
    ("rows", "columns", "by"),
    [(200, 256, 1), (257, 100, 2), (640, 512, 3), (3001, 2431, 12), (5000, 5000, 20)],
)
def test_it_is_small_and_covers_the_whole_film(rows: int, columns: int, by: int) -> None:
    assert step(rows, columns, MOST) == by
    written = shown(films.film(Rows=rows, Columns=columns))
    assert (written.Rows, written.Columns) == (-(-rows // by), -(-columns // by))
    assert max(written.Rows, written.Columns) <= MOST
    assert written.Rows * by >= rows
    assert len(written.FloatPixelData) == 4 * written.Rows * written.Columns


def test_a_bright_spot_stays_where_it_is() -> None:
    """From an index of the coarse grid, through its geometry, to a place on the film, and back."""
    header = films.film(Rows=1000, Columns=800, ImagerPixelSpacing=[0.2, 0.1])
    fine = np.full((1000, 800), 0.1, np.float32)
    fine[700:704, 300:304] = 0.9
    written = write_map(films.opinion(film=header, attribution=fine))
    assert written is not None
    volume = hd.imread(BytesIO(written.content)).get_volume()
    at = np.unravel_index(int(volume.array.argmax()), volume.array.shape)
    x, y, z = (volume.affine @ [*at, 1])[:3]
    assert (x, y, z) == pytest.approx((301.5 * 0.1, 0, -701.5 * 0.2), abs=1e-6)
    assert volume.array.max() == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("name", "orientation", "made_up"),
    [
        ("plain", [1, 0, 0, 0, 0, -1], "a frame of reference"),
        ("no orientation", [1, 0, 0, 0, 0, -1], "a frame of reference"),
        ("directions in words", [1, 0, 0, 0, 0, -1], "a frame of reference"),
        ("lies on its side", [0, -1, 0, 0, 0, -1], "a frame of reference"),
        ("no spacing", [1, 0, 0, 0, 0, -1], "one millimetre for each pixel"),
        ("no numbers", [1, 0, 0, 0, 0, -1], "one millimetre for each pixel"),
        ("has a place", [1, 0, 0, 0, 0, -1], ""),
        ("frame without a place", [1, 0, 0, 0, 0, -1], "a frame of reference"),
        ("place that is none", [1, 0, 0, 0, 0, -1], "a frame of reference"),
    ],
)
def test_what_the_film_does_not_state_is_made_up_and_said_so(
    name: str, orientation: list[float], made_up: str
) -> None:
    written = shown(FILMS[name])
    shared, own = frame(written)
    assert [float(each) for each in shared.PlaneOrientationSequence[0].ImageOrientationPatient] == orientation
    comments = own.FrameContentSequence[0].get("FrameComments", "")
    assert made_up in comments
    assert bool(comments) == bool(made_up)
    assert (written.FrameOfReferenceUID == "1.2.3.44") == (name == "has a place")


def test_the_space_of_a_film_is_its_own_and_always_the_same() -> None:
    here, there = films.film(), films.film(SOPInstanceUID="1.2.3.4.5.6.8")
    assert space_of(here).uid == space_of(films.film()).uid
    assert space_of(here).uid != space_of(there).uid
    assert space_of(here).uid.startswith("2.25.")


def test_directions_along_one_axis_are_not_believed() -> None:
    assert space_of(films.film(PatientOrientation=["L", "R"])).row == (1, 0, 0)
    assert space_of(films.film(PatientOrientation=["L", "R"])).column == (0, 0, -1)


def test_it_names_the_film_whose_places_it_keeps() -> None:
    written = shown(films.film())
    _, own = frame(written)
    (source,) = own.DerivationImageSequence[0].SourceImageSequence
    assert (source.ReferencedSOPInstanceUID, source.SpatialLocationsPreserved) == ("1.2.3.4.5.6.7", "YES")
    assert written.ContentQualification == "RESEARCH"
    assert written.BurnedInAnnotation == "NO"


def test_what_was_once_lossy_stays_lossy() -> None:
    assert shown(FILMS["lossy"]).LossyImageCompression == "01"
    assert shown(FILMS["lossy"]).LossyImageCompressionRatio == 10.5
    assert shown(films.film()).LossyImageCompression == "00"


def test_only_an_answer_is_explained() -> None:
    opinion = films.opinion()
    assert write_map(replace(opinion, attribution=None)) is None
    assert write_map(replace(opinion, read=films.read(None, 0.5))) is None


def test_a_map_on_another_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="rows and columns of the film"):
        write_map(films.opinion(attribution=films.heat(512, 640)))


def test_places_that_were_not_seen_do_not_count() -> None:
    fine = np.array([[0, 0, 0.8, 0.6], [0, 0.5, 0.4, 0.2], [0.5, 0.7, 0.9, 0]], np.float32)
    assert coarser(fine, 2) == pytest.approx(np.array([[0.5, 0.5], [0.6, 0.9]], np.float32))
    assert (coarser(fine, 1) == fine).all()
    assert shown(films.film()).FloatPixelPaddingValue == 0
