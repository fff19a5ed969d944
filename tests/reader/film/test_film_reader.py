"""The served model in its own process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from server.errors import Category, Fault
from server.model import ResourceKey
from server.reader.film.canvas import sample
from server.reader.film.film_reader import FilmReader
from server.reader.film.outside import Outside
from server.reader.film.verdict import FilmObject
from server.reader.resident import SELF_TEST_EVERY
from server.reader.training.film.wrapped import wrapped
from tests.reader.build import NOW
from tests.reader.film.build import CARD, FOLDER


@pytest.fixture(scope="module")
def reader() -> Iterator[FilmReader]:
    made = FilmReader(CARD, FOLDER)
    made.start()
    yield made
    made.close()


def film(picture: np.ndarray, **header: object) -> FilmObject:
    return FilmObject(wrapped(picture, **header), ResourceKey("Binary", "film", 1))


def pattern() -> np.ndarray:
    """A made-up picture that is no film, as large as one."""
    return (np.kron(sample(), np.ones((2, 3))) * 255).astype("u1")


def test_what_is_no_film_is_declined_by_its_pixels(reader: FilmReader) -> None:
    made = reader.read([film(pattern())], None, NOW)
    assert made.read.reasons == (Outside.PIXELS.value,)
    assert made.attribution is None


def test_all_reasons_of_the_header_are_told_and_the_model_is_not_asked(reader: FilmReader) -> None:
    made = reader.read([film(pattern(), ViewPosition="LL", PatientAge="045Y")], None, NOW)
    assert set(made.read.reasons) == {Outside.VIEW.value, Outside.AGE.value}


def test_the_same_film_gives_the_same_read(reader: FilmReader) -> None:
    assert reader.read([film(pattern())], None, NOW) == reader.read([film(pattern())], None, NOW)


@pytest.mark.parametrize("content", [b"", b"no film", b"\0" * 128 + b"DICM" + b"\xff" * 4096])
def test_no_bytes_harm_it(reader: FilmReader, content: bytes) -> None:
    made = reader.read([FilmObject(content, ResourceKey("Binary", "x", 1))], None, NOW)
    assert made.read.answer is None


def test_no_film_is_a_decline(reader: FilmReader) -> None:
    assert reader.read([], None, NOW).read.reasons == (Outside.NO_FILM.value,)


def test_another_file_than_the_card_s_is_not_loaded(tmp_path: Path) -> None:
    shutil.copy(FOLDER / CARD.model_file, tmp_path)
    with (tmp_path / CARD.model_file).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(Fault, match="SHA-256 differs") as caught:
        FilmReader(CARD, tmp_path).start()
    assert caught.value.category is Category.BROKEN


def test_a_model_with_other_scores_than_the_card_s_is_off() -> None:
    other = {**CARD.calibration, "self_test": CARD.calibration["self_test"] + 0.1}
    with pytest.raises(Fault, match="self-test"):
        FilmReader(replace(CARD, calibration=other), FOLDER).start()


def test_it_comes_back_after_its_process_was_killed(reader: FilmReader) -> None:
    assert reader._model.process is not None
    assert reader._model.process.pid is not None
    os.kill(reader._model.process.pid, signal.SIGKILL)
    reader._model.process._process.join()
    assert reader.read([film(pattern())], None, NOW).read.reasons == (Outside.PIXELS.value,)


def test_it_tests_itself_each_hour(reader: FilmReader, monkeypatch: pytest.MonkeyPatch) -> None:
    tested = []
    monkeypatch.setattr(reader._model, "_test", tested.append)
    reader._model.tested_at = None
    for minutes in (0, 59, 60, 61):
        reader.read([film(pattern())], None, NOW + timedelta(minutes=minutes))
    assert timedelta(hours=1) == SELF_TEST_EVERY
    assert len(tested) == 1


def test_the_parent_stays_free_of_runtimes_and_decoders() -> None:
    code = (
        "import sys, server.reader.film.film_reader as f; "
        "sys.exit(bool({'onnxruntime', 'torch', 'PIL', 'gdcm', 'pydicom'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
