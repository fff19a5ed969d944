"""The readers of one process, by question."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from server.model import Card
from server.ports import Reader
from server.reader.film.desk import FilmDesk
from server.reader.xgboost_reader import XgboostReader


class Readers:
    """Each reader is started when it is first needed, its model in a process of its own."""

    def __init__(self, folder: Path, cards: Mapping[str, Card], content: Callable[[str], bytes]) -> None:
        """``content``: the bytes of a DICOM object by the digest of its file."""
        self._folder = folder
        self._cards = cards
        self._content = content
        self._started: dict[str, XgboostReader | FilmDesk] = {}
        self._lock = threading.Lock()

    def __call__(self, question: str) -> Reader:
        with self._lock:
            if question not in self._started:
                card = self._cards[question]
                reader = self._reader(card, self._folder / question)
                reader.start()
                self._started[question] = reader
            return self._started[question]

    def _reader(self, card: Card, folder: Path) -> XgboostReader | FilmDesk:
        return FilmDesk(card, folder, self._content) if card.film else XgboostReader(card, folder)

    def start_all(self) -> None:
        """Load every model now, so that the first case does not wait for it."""
        for question in self._cards:
            self(question)

    def close(self) -> None:
        for reader in self._started.values():
            reader.close()
