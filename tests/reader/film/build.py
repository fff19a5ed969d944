"""Made-up films for the tests of this room; no patient is in them."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from server.model import Card, FilmContract, Span
from server.reader.cards import load_cards
from server.reader.training.film.wrapped import dataset

CARDS = Path(__file__).parents[3] / "server" / "reader" / "cards"
CARD: Card = load_cards(CARDS)["child-pneumonia"]
FOLDER = CARDS / CARD.question

CONTRACT = FilmContract(
    modalities=("CR", "DX"),
    body_parts=("CHEST", "THORAX"),
    views=("AP", "PA"),
    pixels=Span(Decimal(4), Decimal(64)),
    aspect=Span(Decimal("0.5"), Decimal(2)),
)


def ramp(kind: str = "u1", side: int = 16) -> NDArray[Any]:
    """Grey that grows to the right: 0, 16, 32, ..."""
    return np.tile(np.arange(side) * (256 // side), (side, 1)).astype(kind)


def made(picture: NDArray[Any] | None = None, without: str = "", **header: object) -> Dataset:
    said = dataset(ramp() if picture is None else picture, **header)
    if without:
        delattr(said, without)
    return said


def content(said: Dataset) -> bytes:
    held = io.BytesIO()
    said.save_as(held, enforce_file_format=True)
    return held.getvalue()
