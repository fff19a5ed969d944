"""The picture for viewers that show nothing else."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset

from server.dicom.pens import picture as drawing
from server.dicom.pens.capture import write_capture
from server.dicom.pens.opinion import FilmOpinion
from server.dicom.pens.picture import LONGEST, SHORTEST, Caption, picture
from server.model import Answer
from tests.dicom.pens import awkward, films

CAPTION = Caption("AI second read, not verified by a clinician", "Pneumonia: present", ("Reader x 1",))


def captured(opinion: FilmOpinion) -> Dataset:
    grey = films.grey(opinion.film.Rows, opinion.film.Columns)
    return dcmread(BytesIO(write_capture(opinion, grey).content))


def colours(opinion: FilmOpinion) -> NDArray[np.uint8]:
    return captured(opinion).pixel_array


def words(opinion: FilmOpinion, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that is drawn as text, line by line."""
    drawn: list[str] = []
    real = drawing.ImageDraw.ImageDraw.text
    monkeypatch.setattr(
        drawing.ImageDraw.ImageDraw,
        "text",
        lambda self, at, text, *rest, **more: (drawn.append(text), real(self, at, text, *rest, **more)),
    )
    captured(opinion)
    return drawn


def test_it_says_what_it_is() -> None:
    written = captured(films.opinion())
    assert written.ImageType == ["DERIVED", "SECONDARY"]
    assert (written.ConversionType, written.BurnedInAnnotation) == ("WSD", "YES")
    assert written.SeriesDescription == "AI picture: Pneumonia, not verified by a clinician"
    assert written.PhotometricInterpretation == "RGB"
    assert written.SourceImageSequence[0].ReferencedSOPInstanceUID == "1.2.3.4.5.6.7"
    assert written.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7"


@pytest.mark.parametrize(
    ("answer", "probability", "drawn"),
    [
        (Answer.PRESENT, 0.91, ["Pneumonia: present", "Calibrated probability of presence 0.91"]),
        (Answer.ABSENT, 0.04, ["Pneumonia: absent", "Calibrated probability of presence 0.04"]),
        (Answer.PRESENT, 0.9999, ["Calibrated probability of presence 0.99"]),
        (
            None,
            None,
            ["Pneumonia: no answer", "Reason: the view is not stated; a frontal one (AP or PA) must be"],
        ),
    ],
)
def test_what_is_burned_in(
    answer: Answer | None, probability: float | None, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = words(films.opinion(read=films.read(answer, probability)), monkeypatch)
    assert found[:2] == ["AI", "AI second read, not verified by a clinician"]
    assert [line for line in drawn if line not in " ".join(found)] == []
    assert "Reader cxr-child-cnn 1.0.0, Second Reader project" in found


def test_long_reasons_are_wrapped_and_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    read = replace(films.read(None, None), reasons=("one reason after another",) * 40)
    found = words(films.opinion(read=read), monkeypatch)
    assert 4 < len(found) < 15
    assert found[-2].endswith("…")


def test_nothing_of_the_patient_is_burned_in() -> None:
    another = films.film(
        PatientName="Someone^Else", PatientID="0815", AccessionNumber="B-1", StudyDate="20200101",
        PatientBirthDate="20200101", ReferringPhysicianName="Lang^Ludwig", IssuerOfPatientID="CLINIC",
    )  # fmt: skip
    assert (colours(films.opinion(film=another)) == colours(films.opinion())).all()


@pytest.mark.parametrize(
    ("rows", "columns"), [(200, 200), (640, 512), (2000, 1000), (1000, 2000), (5000, 4000), (3000, 300)]
)
def test_the_words_can_be_read_on_small_and_large_films(
    rows: int, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[float] = []
    real = drawing.ImageFont.load_default
    monkeypatch.setattr(drawing.ImageFont, "load_default", lambda size: (sizes.append(size), real(size))[1])
    grey = films.grey(rows, columns)
    shape = picture(grey, 1.0, None, CAPTION).shape
    assert SHORTEST <= max(shape[:2]) <= LONGEST * 1.4
    assert min(sizes) >= 17
    assert shape[1] / min(sizes) < 40, "small beside the picture"


def test_the_film_is_shown_in_its_own_shape() -> None:
    """Pixels twice as tall as wide, and a film that was thinned out in one direction."""
    square = films.opinion(film=films.film(Rows=500, Columns=1000, ImagerPixelSpacing=[0.2, 0.1]))
    assert film_part(square, films.grey(500, 1000)) == (1000, 1000)
    assert film_part(films.opinion(), films.grey(320, 512)) == film_part(
        films.opinion(), films.grey(640, 512)
    )


def film_part(opinion: FilmOpinion, grey: NDArray[np.uint8]) -> tuple[int, int]:
    """Rows and columns of what is not black border, on a white film."""
    white = np.full_like(grey, 255)
    pixels = dcmread(BytesIO(write_capture(replace(opinion, attribution=None), white).content)).pixel_array
    lit = (pixels == 255).all(axis=2)
    down, across = lit.mean(axis=1) > 0.9, lit.mean(axis=0) > 0.5
    return int(down.sum()), int(across.sum())


def test_amber_lies_where_the_map_speaks_for_it() -> None:
    with_map, without = colours(films.opinion()), colours(films.opinion(attribution=None))
    rows = min(with_map.shape[0], without.shape[0])
    changed = (with_map[:rows] != without[:rows]).any(axis=2)[100:860]
    down, across = (int(np.median(each)) for each in np.nonzero(changed))
    assert down + 100 - 75 == pytest.approx(0.62 * 800, abs=25)
    assert across == pytest.approx(0.3 * 640, abs=20)
    assert 0.02 < changed.mean() < 0.15


def test_a_map_that_speaks_against_it_leaves_the_film_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    cool = films.opinion(
        read=films.read(Answer.ABSENT, 0.04), attribution=np.full((640, 512), 0.2, np.float32)
    )
    assert (colours(cool)[100:860] == colours(replace(cool, attribution=None))[100:860]).all()
    assert "No part of the film, taken alone, speaks for pneumonia" in words(cool, monkeypatch)


def test_a_map_beside_no_answer_is_not_drawn() -> None:
    between = films.opinion(read=films.read(None, 0.5))
    assert (colours(between) == colours(replace(between, attribution=None))).all()


@pytest.mark.parametrize(
    "grey",
    [np.zeros((4, 4), np.uint16), np.zeros((4, 4, 3), np.uint8), np.zeros((0, 4), np.uint8)],
    ids=["16 bit", "colour", "empty"],
)
def test_what_is_no_film_is_refused(grey: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="8-bit grey"):
        write_capture(films.opinion(), grey)


@pytest.mark.parametrize(
    ("part", "side", "written"),
    [("CHEST", None, None), ("HAND", None, ""), ("HAND", "L", "L"), (None, None, "")],
)
def test_a_side_is_told_where_there_are_two(part: str | None, side: str | None, written: str | None) -> None:
    header = awkward.valid()["plain"]
    if part:
        header.BodyPartExamined = part
    if side:
        header.Laterality = side
    assert captured(films.opinion(film=header)).get("Laterality") == written
