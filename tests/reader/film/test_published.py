"""The served model against published films and against what it must decline; skipped where they are not."""

from __future__ import annotations

import csv
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.utils import pixel_array
from pydicom.uid import JPEGBaseline8Bit

from server.model import Answer, ResourceKey
from server.reader.film.film_reader import FilmReader
from server.reader.film.judge import judge
from server.reader.film.outside import Outside
from server.reader.film.verdict import FilmObject
from server.reader.training.film.wrapped import wrapped
from tests.reader.build import NOW
from tests.reader.film.build import CARD, FOLDER

DATA = Path(__file__).parents[4] / "shared" / "data"
PYDICOM = Path(pydicom.__file__).parent / "data" / "test_files"
EACH = 20
"""Films of each label: enough to notice a broken reader, not to measure one."""

needs_data = pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here")


@pytest.fixture(scope="module")
def reader() -> Iterator[FilmReader]:
    made = FilmReader(CARD, FOLDER)
    yield made
    made.close()


def picture(jpeg: bytes, rows: int, columns: int, samples: int) -> NDArray[Any]:
    said = Dataset()
    said.file_meta = FileMetaDataset()
    said.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    said.Rows, said.Columns, said.SamplesPerPixel = rows, columns, samples
    said.PhotometricInterpretation = "YBR_FULL_422" if samples == 3 else "MONOCHROME2"
    said.BitsAllocated = said.BitsStored = 8
    said.HighBit, said.PixelRepresentation, said.PlanarConfiguration = 7, 0, 0
    said.PixelData = encapsulate([jpeg])
    said["PixelData"].VR = "OB"
    found = pixel_array(said)
    return found[..., 0] if samples == 3 else found


def films(label: str) -> Iterator[bytes]:
    """The first of each person of the published test part."""
    folder = DATA / "cxr-child"
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test" and row["label"] == label]
    firsts = list({row["patient_key"]: row for row in reversed(rows)}.values())[:EACH]
    with tarfile.open(folder / "test.tar") as archive:
        for row in firsts:
            member = archive.extractfile(row["path"])
            assert member is not None
            yield wrapped(picture(member.read(), 224, 224, 3))


def said(reader: FilmReader, contents: Iterator[bytes]) -> Counter[object]:
    key = ResourceKey("Binary", "film", 1)
    return Counter(reader.read([FilmObject(each, key)], None, NOW).read.answer for each in contents)


@needs_data
@pytest.mark.parametrize(("label", "right"), [("PNEUMONIA", Answer.PRESENT), ("NORMAL", Answer.ABSENT)])
def test_films_it_never_saw(reader: FilmReader, label: str, right: Answer) -> None:
    answers = said(reader, films(label))
    assert answers[right] >= 0.6 * EACH
    assert answers[right] >= 4 * (EACH - answers[right] - answers[None])


@needs_data
def test_the_same_film_gives_the_same_read_and_the_same_map(reader: FilmReader) -> None:
    film = FilmObject(next(films("PNEUMONIA")), ResourceKey("Binary", "film", 1))
    first, second = (reader.read([film], None, NOW) for _ in range(2))
    assert first == second
    assert first.attribution is not None
    assert second.attribution is not None
    assert first.attribution.shape == (224, 224)
    assert first.attribution.tobytes() == second.attribution.tobytes()


@needs_data
@pytest.mark.parametrize("part", ["AbdomenCT", "BreastMRI", "ChestCT", "HeadCT", "Hand"])
def test_other_body_parts_are_declined_though_their_header_lies(reader: FilmReader, part: str) -> None:
    small = [
        picture(path.read_bytes(), 64, 64, 1) for path in sorted((DATA / "other-body-parts" / part).iterdir())
    ]
    answers = said(reader, (wrapped(np.kron(each, np.ones((4, 4), "u1"))) for each in small))
    assert answers[None] == sum(answers.values())


@needs_data
def test_a_film_turned_to_a_negative_is_declined(reader: FilmReader) -> None:
    turned = (
        wrapped(255 - pydicom.dcmread(pydicom.filebase.DicomBytesIO(each)).pixel_array)
        for each in films("NORMAL")
    )
    assert said(reader, turned)[None] >= EACH - 1


@needs_data
@pytest.mark.filterwarnings("ignore::UserWarning")  # the process is silent, see ``serve``
def test_damaged_objects_are_declined_each_with_a_reason() -> None:
    with tarfile.open(DATA / "dicom-hostile" / "corpus.tar.xz") as archive:
        members = [archive.extractfile(each) for each in archive if each.isfile()]
        contents = [each.read() for each in members if each is not None]
    for content in contents:
        assert reasons(content)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("path", sorted(PYDICOM.glob("*.dcm")), ids=lambda path: path.name)
def test_pydicom_s_own_files_are_declined(path: Path) -> None:
    assert reasons(path.read_bytes())


def reasons(content: bytes) -> list[Outside]:
    """Without a model: header, decoding and looks must be enough for these."""
    assert CARD.film is not None
    told = judge(
        content,
        CARD.film,
        CARD.contract.age_years,
        None,
        lambda _: {"log_odds": 0.0, "cells": [[0.0]], "scope": 1e3},
    )
    return [Outside[name] for name in told["outside"]]
