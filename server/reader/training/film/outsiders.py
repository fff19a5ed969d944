"""How often the reader declines what it is not made for: through the whole of it, from bytes to reasons."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image

from server.model import Card
from server.reader.film.child import Score
from server.reader.film.judge import judge
from server.reader.film.verdict import judged
from server.reader.training.film import foreign
from server.reader.training.film.films import Films
from server.reader.training.film.wrapped import wrapped

Bytes = NDArray[np.uint8]

PYDICOM = Path(pydicom.__file__).parent / "data" / "test_files"
Change = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]

SEEN_IN_TRAINING: dict[str, Change] = {
    "inverted": lambda film, _: 1 - film,
    "turned by a quarter or half": lambda film, dice: np.rot90(film, int(dice.integers(1, 4))),
    "clipped": foreign._clipped,  # noqa: SLF001 - the same kind, made of films never seen
    "burned-in screens": foreign._screen,  # noqa: SLF001
    "part of a film": foreign._part,  # noqa: SLF001
}
"""Kinds of pictures that the gate was shown, here made of films that it was not."""

HEADERS: dict[str, dict[str, Any]] = {
    "adult by header": {"PatientAge": "045Y"},
    "infant by header": {"PatientAge": "006M"},
    "age unknown": {"PatientAge": ""},
    "lateral by header": {"ViewPosition": "LL"},
    "view unknown": {"ViewPosition": ""},
    "hand by header": {"BodyPartExamined": "HAND"},
    "CT by header": {"Modality": "CT"},
    "burned-in by header": {"BurnedInAnnotation": "YES"},
}


def rates(card: Card, films: Films, score: Score, data: Path) -> Iterator[tuple[str, int, int]]:
    """(group, declined, of)."""

    def declined(objects: list[bytes]) -> tuple[int, int]:
        return sum(bool(_reasons(card, each, score)) for each in objects), len(objects)

    for name in ("AbdomenCT", "BreastMRI", "ChestCT", "HeadCT", "Hand"):
        yield f"{name} under a child's chest header", *declined(_pictures(data / "other-body-parts" / name))
    yield "adult chest (CXR) under a child's header", *declined(_pictures(data / "other-body-parts" / "CXR"))
    yield "adult chest under a child's header", *declined(_pictures(data / "cxr-adult" / "png"))
    yield (
        "adult chest under its own header",
        *declined(_pictures(data / "cxr-adult" / "png", PatientAge="060Y")),
    )
    yield "pydicom's test files", *declined(_files(PYDICOM))
    yield "highdicom's test files", *declined(_files(data / "dicom-highdicom"))
    yield "damaged DICOM files", *declined(_hostile(data / "dicom-hostile"))
    dice = np.random.default_rng(0)
    plain = films.pixels.astype(np.float32) / 255
    for name, change in SEEN_IN_TRAINING.items():
        made = [(np.clip(change(film, dice), 0, 1) * 255).astype(np.uint8) for film in plain]
        yield f"test films, {name}", *declined([wrapped(each) for each in made])
    for name, header in HEADERS.items():
        yield f"test films, {name}", *declined([wrapped(each, **header) for each in films.pixels])
    yield "test films as they are", *declined([wrapped(each) for each in films.pixels])


def _reasons(card: Card, content: bytes, score: Score) -> bool:
    assert card.film is not None  # noqa: S101
    told = judge(content, card.film, card.contract.age_years, None, score)
    return bool(judged(json.loads(json.dumps(told)), card).outside)


def _pictures(folder: Path, **header: Any) -> list[bytes]:
    return [wrapped(_enlarged(path), **header) for path in sorted(folder.iterdir())]


def _enlarged(path: Path) -> Bytes:
    """Pictures smaller than any film is are enlarged, so that it is not their size that declines them."""
    image = Image.open(path).convert("L")
    if min(image.size) < 256:
        image = image.resize((256, 256), Image.Resampling.BICUBIC)
    return np.asarray(image)


def _files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.dcm"))]


def _hostile(folder: Path) -> list[bytes]:
    with tarfile.open(folder / "corpus.tar.xz") as archive:
        members = [archive.extractfile(each) for each in archive if each.isfile()]
        return [io.BytesIO(each.read()).getvalue() for each in members if each is not None]
