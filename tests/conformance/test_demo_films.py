"""The cases with films: that they can be told as they are, and what the hospital's radiology does in them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread

from conformance.demo.cases import FILMS, Story, load
from conformance.demo.child import Dicom, destinations
from conformance.demo.radiology import FILMS as FOLDER
from conformance.demo.radiology import Radiology, picture
from conformance.demo.verdict import Chart, compare
from conformance.peers.modality import Modality
from conformance.peers.pacs import Pacs
from conformance.peers.request import entries
from server.model import ResourceKey
from server.reader.film.film_reader import FilmReader
from server.reader.film.verdict import FilmObject
from server.reader.training.film.wrapped import wrapped
from tests.reader.film.build import CARD
from tests.reader.film.build import FOLDER as READER
from tests.sockets import let_go

pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
SCRIPT = load(FILMS)
BY_KEY = {each.key: each for each in SCRIPT.stories}
PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "cxr-child" / "test.tar"
SURE = 0.97
"""A story that rests on a film is told with one on which the model is as sure as this."""


def test_there_are_six() -> None:
    assert list(BY_KEY) == [
        "film-agreement", "film-missed", "film-adult", "film-late", "film-wrong-patient", "film-messages",
    ]  # fmt: skip
    assert [each.key for each in SCRIPT.stories if each.held] == ["film-wrong-patient"]
    others = (*load().stories, *load(of="changed").stories, *load(FILMS, of="left").stories)
    assert len({each.key for each in (*others, *SCRIPT.stories)}) == 18


@pytest.mark.parametrize("story", SCRIPT.stories, ids=lambda each: each.key)
def test_what_a_story_names_is_there(story: Story) -> None:
    assert story.imaging is not None
    assert {story.says, story.specialist_says or story.says} <= set(SCRIPT.findings)
    assert story.held or story.specialist_says
    shots = (*story.imaging.shots, *story.imaging.later)
    licence = (FOLDER / "LICENCE.txt").read_text()
    for each in shots:
        assert not each.file or ((FOLDER / each.file).exists() and each.file in licence)


@pytest.mark.parametrize("story", SCRIPT.stories, ids=lambda each: each.key)
def test_a_request_names_its_study_and_how_many_images_it_has(story: Story) -> None:
    request = SCRIPT.request(story, "r", NOW)
    made = {each.resource["resourceType"]: each for each in entries(request, "u")}
    study, report = made["ImagingStudy"], made["DiagnosticReport"].resource
    assert request.study is not None
    assert story.imaging is not None
    assert study.resource["identifier"] == [
        {"system": "urn:dicom:uid", "value": f"urn:oid:{request.study.uid}"}
    ]
    images = len(story.imaging.shots) + len(story.imaging.later)
    assert study.resource["numberOfInstances"] == images
    assert report["imagingStudy"] == [{"reference": study.full_url}]
    assert "result" not in report, "R4 has no empty arrays"
    again = SCRIPT.request(story, "another run", NOW).study
    assert again is not None
    assert again.uid != request.study.uid


@pytest.fixture
def radiology(tmp_path: Path) -> Iterator[Radiology]:
    """Its modality sends to its own archive: who receives is of no matter here."""
    with Pacs(tmp_path / "pacs") as archive:
        yield Radiology(Modality(archive.host, archive.port, archive.ae), archive)
    let_go()


@pytest.mark.parametrize(
    ("key", "patient"), [("film-late", "P-r-film-late"), ("film-wrong-patient", "somebody-else")]
)
def test_the_modality_sends_what_is_told(radiology: Radiology, key: str, patient: str) -> None:
    story, request = BY_KEY[key], SCRIPT.request(BY_KEY[key], "r", NOW)
    assert story.imaging is not None
    assert radiology.send(story.imaging.shots, story, request) == [0]
    [path] = radiology.archive.objects.folder.glob("*.dcm")
    sent = dcmread(path)
    assert request.study is not None
    assert (sent.PatientID, sent.StudyInstanceUID, sent.ViewPosition) == (patient, request.study.uid, "AP")
    assert np.array_equal(sent.pixel_array, picture(FOLDER / story.imaging.shots[0].file))
    if story.imaging.later:
        assert radiology.send(story.imaging.later, story, request, first=2) == [0]
        found = [dcmread(each) for each in radiology.archive.objects.folder.glob("*.dcm")]
        assert sorted((each.InstanceNumber, each.ViewPosition) for each in found) == [(1, "AP"), (2, "LL")]
    assert len(radiology.kept(request)) == len(story.imaging.shots) + len(story.imaging.later)
    assert radiology.kept(SCRIPT.request(story, "another run", NOW)) == ()


def chart(story: Story, **changes: object) -> Chart:
    told = Chart(
        status="on-hold" if story.held else "completed",
        business=story.ends[0],
        first="",
        ai=story.ai,
        specialist="",
        priority="urgent",
        ai_reports=int(not story.held),
        words=(),
        archived=story.kept,
    )
    return replace(told, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "changes", "said"),
    [
        ("film-agreement", {}, ()),
        ("film-wrong-patient", {}, ()),
        (
            "film-agreement",
            {"archived": ("SR",)},
            ("the archive keeps SR, told was SR, map, picture",),
        ),
        (
            "film-wrong-patient",
            {"archived": ("SR",)},
            ("the archive keeps SR, told was nothing",),
        ),
        (
            "film-wrong-patient",
            {"status": "completed"},
            ("the Task in the EHR is completed, told was on-hold",),
        ),
        (
            "film-wrong-patient",
            {"ai": "present", "ai_reports": 1},
            (
                "the AI opinion is present, told was none",
                "the EHR holds 1 AI reports, told was exactly 0",
            ),
        ),
    ],
)
def test_what_is_not_as_told_is_said(key: str, changes: dict[str, object], said: tuple[str, ...]) -> None:
    assert compare(BY_KEY[key], chart(BY_KEY[key], **changes)) == said


def test_the_server_is_told_of_the_archive(tmp_path: Path) -> None:
    assert "[[pacs]]" not in destinations(tmp_path, "http://h/fhir").read_text()
    assert "port = 7\n" in destinations(tmp_path, "http://h/fhir", dicom=Dicom(6, 7)).read_text()


@pytest.fixture(scope="module")
def reader() -> Iterator[FilmReader]:
    made = FilmReader(CARD, READER)
    made.start()
    yield made
    made.close()


def probability(reader: FilmReader, film: NDArray[np.uint8]) -> float | None:
    return reader.read([FilmObject(wrapped(film), ResourceKey("Binary", "f", 1))], None, NOW).read.probability


@pytest.mark.parametrize("key", ["film-agreement", "film-missed", "film-late"])
def test_the_model_is_sure_of_the_films_that_a_story_rests_on(reader: FilmReader, key: str) -> None:
    story = BY_KEY[key]
    assert story.imaging is not None
    [shot] = story.imaging.shots
    chance = probability(reader, picture(FOLDER / shot.file))
    if not _sure(chance, story.ai):
        others = ", ".join(_clear(reader, story.ai)) or "(the published films are not here)"
        pytest.fail(f"{shot.file} has {chance}; to be told as {story.ai} choose, for example: {others}")


def _sure(chance: float | None, ai: str) -> bool:
    return chance is not None and (chance if ai == "present" else 1 - chance) > SURE


def _clear(reader: FilmReader, ai: str, most: int = 5) -> Iterator[str]:
    """Films of the published test part that would do."""
    if not PUBLISHED.exists():
        return
    kind = "PNEUMONIA" if ai == "present" else "NORMAL"
    with tarfile.open(PUBLISHED) as films:
        for each in sorted(films, key=lambda one: one.name):
            content = films.extractfile(each) if kind in each.name else None
            if content is None or not most:
                continue
            pixels = np.asarray(Image.open(io.BytesIO(content.read())).convert("L"), np.uint8)
            if _sure(probability(reader, pixels), ai):
                most -= 1
                yield each.name
