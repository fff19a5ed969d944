"""The reader of films: an ONNX model behind a card, in a process of its own.

It declines whatever its card does not name: by the header, by the decoded pixels, by a second output of the
model that tells whether the picture is a film of the kind, and between the card's two thresholds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from server.errors import Category, fault
from server.model import Card
from server.reader.film.child import serve
from server.reader.film.verdict import FilmObject, FilmRead, Judged, film_read, judged
from server.reader.process import LIMIT, Spawned, verified

SELF_TEST_EVERY = timedelta(hours=1)
_ROUNDING = 1e-2
"""Another processor may multiply in another order; a wrong model is off by far more."""


class FilmReader:
    """One card's model. Safe to call from several threads; they wait for each other."""

    def __init__(self, card: Card, folder: Path, limit: timedelta = LIMIT) -> None:
        """``folder`` is the one that the card and its model file lie in. Nothing is loaded yet."""
        if card.film is None:
            raise fault(Category.BROKEN, "exception", "the card is not that of a reader of films")
        self._card, self._contract = card, card.film
        self._path = folder / card.model_file
        self._limit = limit
        self._process: Spawned | None = None
        self._tested_at: datetime | None = None
        self._lock = Lock()

    def start(self) -> None:
        """Load the model into its own process and put it to the test; does nothing when it runs.

        Raises:
            Fault: BROKEN when the file is not the card's or its score is not that of the card;
                UNAVAILABLE when the process ends or is too slow.
        """
        with self._lock:
            self._running()

    def read(self, films: Sequence[FilmObject], born: date | None, now: datetime) -> FilmRead:
        """Answer or decline; the same films always give the same read. ``born`` is what the case knows.

        Raises:
            Fault: as ``start``. After a fault the next call starts a fresh process.
        """
        with self._lock:
            found = [self._judged(film.content, born, now) for film in films]
        return film_read(self._card, films, born, found, now)

    def close(self) -> None:
        """Let go of the model's process."""
        with self._lock:
            self._drop()

    def _judged(self, content: bytes, born: date | None, now: datetime) -> Judged:
        if not content:
            return judged({"outside": ["NOT_DICOM"]}, self._card)
        return judged(_ask(self._tested(now), content, born), self._card)

    def _running(self) -> Spawned:
        if self._process is None or not self._process.alive:
            self._drop()
            model = verified(self._path, self._card.model_digest)
            told = (self._contract, self._card.contract.age_years)
            self._process = Spawned(serve, told, model, self._limit)
            self._self_test(self._process)
        return self._process

    def _tested(self, now: datetime) -> Spawned:
        """The running process; once an hour it must repeat its known score (reliability, T33)."""
        process = self._running()
        if self._tested_at is None:
            self._tested_at = now
        elif now - self._tested_at >= SELF_TEST_EVERY:
            self._self_test(process)
            self._tested_at = now
        return process

    def _self_test(self, process: Spawned) -> None:
        said = _ask(process, b"", None)["log_odds"]
        if abs(said - self._card.calibration["self_test"]) > _ROUNDING:
            self._drop()
            raise fault(Category.BROKEN, "exception", "the model fails its card's self-test; it is off")

    def _drop(self) -> None:
        if self._process is not None:
            self._process.close()
        self._process = None
        self._tested_at = None


def _ask(process: Spawned, content: bytes, born: date | None) -> dict[str, Any]:
    known = json.dumps({"born": born and born.isoformat()})
    told: dict[str, Any] = json.loads(process.ask(known.encode(), content))
    return told
