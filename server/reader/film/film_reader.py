"""The reader of films: an ONNX model behind a card, in a process of its own.

It declines whatever its card does not name: by the header, by the decoded pixels, by a second output of the
model that tells whether the picture is a film of the kind, and between the card's two thresholds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from server.errors import Category, fault
from server.model import Card
from server.reader.film.child import serve
from server.reader.film.verdict import FilmObject, FilmRead, Judged, film_read, judged
from server.reader.process import LIMIT, Spawned
from server.reader.resident import Resident

_ROUNDING = 1e-2
"""Another processor may multiply in another order; a wrong model is off by far more."""


class FilmReader:
    """One card's model. Safe to call from several threads; they wait for each other."""

    def __init__(self, card: Card, folder: Path, limit: timedelta = LIMIT) -> None:
        """``folder`` is the one that the card and its model file lie in. Nothing is loaded yet."""
        if card.film is None:
            raise fault(Category.BROKEN, "exception", "the card is not that of a reader of films")
        self._card = card
        told = (card.film, card.contract.age_years)

        def spawn(model: bytes) -> Spawned:
            return Spawned(serve, told, model, limit)

        def repeats(process: Spawned) -> bool:
            said: float = _ask(process, b"", None)["log_odds"]
            return abs(said - card.calibration["self_test"]) <= _ROUNDING

        self._model = Resident(card, folder, spawn, repeats)

    def start(self) -> None:
        """Load the model into its own process and put it to the test. Raises Fault as ``Resident.start``."""
        self._model.start()

    def read(self, films: Sequence[FilmObject], born: date | None, now: datetime) -> FilmRead:
        """Answer or decline; the same films always give the same read. ``born`` is what the case knows.

        Raises:
            Fault: as ``start``. After a fault the next call starts a fresh process.
        """
        with self._model.lent(now) as process:
            found = [self._judged(process, film.content, born) for film in films]
        return film_read(self._card, films, born, found, now)

    def close(self) -> None:
        """Let go of the model's process."""
        self._model.close()

    def _judged(self, process: Spawned, content: bytes, born: date | None) -> Judged:
        told = _ask(process, content, born) if content else {"outside": ["NOT_DICOM"]}
        return judged(told, self._card)


def _ask(process: Spawned, content: bytes, born: date | None) -> dict[str, Any]:
    known = json.dumps({"born": born and born.isoformat()})
    told: dict[str, Any] = json.loads(process.ask(known.encode(), content))
    return told
