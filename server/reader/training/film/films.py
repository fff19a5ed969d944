"""The published films as arrays, and which of them are trained on, chosen with and tested on."""

from __future__ import annotations

import csv
import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Bytes = NDArray[np.uint8]

DATA = Path("../shared/data")
"""Not part of the project: cxr-child (CC BY 4.0), and beside it what the reader must decline."""
VALIDATION = 0.15
"""Share of persons whose films choose thresholds and calibration; the rest is trained on."""
_SALT = "child-pneumonia-1"


@dataclass(frozen=True, slots=True)
class Films:
    """Films by row: ``pixels`` (row, 224, 224), grey, dark is air; ``y`` 1 is pneumonia."""

    pixels: Bytes
    y: NDArray[np.int64]
    person: tuple[str, ...]
    series: tuple[str, ...]
    """The series it was published in: normal films are named IM or NORMAL2-IM, the others by their cause."""

    def where(self, chosen: NDArray[np.bool_]) -> Films:
        at = np.flatnonzero(chosen)
        person, series = (tuple(each[i] for i in at) for each in (self.person, self.series))
        return Films(self.pixels[chosen], self.y[chosen], person, series)


def known(data: Path) -> tuple[Films, Films]:
    """(to train on, to choose with). No person is in both, nor in the test part.

    Left out: films whose bare person number occurs in the test part, and all but one of exact copies.
    """
    folder = data / "cxr-child"
    rows, tested = _rows(folder, "train"), {_person(row) for row in _rows(folder, "test")}
    kept = [row for row in rows if _person(row) not in tested and row["train_shares_number_with_test"] == "0"]
    films = _films(folder / "train.tar", _first_of_copies(kept))
    chosen = np.array([_validates(person) for person in films.person])
    return films.where(~chosen), films.where(chosen)


def unseen(data: Path) -> Films:
    """The published test part: looked at once, after everything has been chosen."""
    folder = data / "cxr-child"
    return _films(folder / "test.tar", _first_of_copies(_rows(folder, "test")))


def _rows(folder: Path, split: str) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["split"] == split]


def _person(row: dict[str, str]) -> str:
    """The bare number: whether bacterial and viral, or IM and NORMAL2-IM, count apart is not known."""
    return row["person_number"].removeprefix("NORMAL2-")


def _series(row: dict[str, str]) -> str:
    named = row["person_number"].rpartition("-")[0]
    return named or row["subtype"]


def _first_of_copies(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return list({row["sha256"]: row for row in reversed(rows)}.values())[::-1]


def _films(tar: Path, rows: list[dict[str, str]]) -> Films:
    with tarfile.open(tar) as archive:
        content = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        pixels = np.stack([_grey(content[row["path"]].read()) for row in rows])  # type: ignore[union-attr]
    y = np.array([int(row["label"] == "PNEUMONIA") for row in rows])
    return Films(pixels, y, tuple(_person(row) for row in rows), tuple(_series(row) for row in rows))


def _grey(jpeg: bytes) -> Bytes:
    """These films are grey ones stored in three equal colours."""
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("L"))


def _validates(person: str) -> bool:
    digest = hashlib.sha256(f"{_SALT}:{person}".encode()).digest()
    return digest[0] < VALIDATION * 256
