"""The readers of one process, by what their models are called, ``name@version``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from server.model import Card
from server.ports import Reader
from server.reader.cards import OTHER
from server.reader.film.desk import FilmDesk
from server.reader.xgboost_reader import XgboostReader


class Readers:
    """Each reader is started when it is first needed, its model in a process of its own."""

    def __init__(
        self,
        folder: Path,
        cards: Mapping[str, Card],
        others: Mapping[str, Card],
        content: Callable[[str], bytes],
    ) -> None:
        """``content``: the bytes of a DICOM object by the digest of its file."""
        self._first = tuple(card.identity for card in cards.values())
        first = ((folder / question, card) for question, card in cards.items())
        beside = ((folder / question / OTHER, card) for question, card in others.items())
        self._places = {card.identity: (place, card) for place, card in (*first, *beside)}
        self._content = content
        self._started: dict[str, XgboostReader | FilmDesk] = {}
        self._lock = threading.Lock()

    def __call__(self, identity: str) -> Reader:
        with self._lock:
            if identity not in self._started:
                place, card = self._places[identity]
                reader = self._reader(card, place)
                reader.start()
                self._started[identity] = reader
            return self._started[identity]

    def _reader(self, card: Card, folder: Path) -> XgboostReader | FilmDesk:
        return FilmDesk(card, folder, self._content) if card.film else XgboostReader(card, folder)

    def start_first(self) -> None:
        """Load the models of every case now, so that the first one does not wait for them.

        Other models wait for the first assessment that asks for one, if any does: each would cost every
        start, and its memory from then on (docs/decisions/0037-another-model.md).
        """
        for identity in self._first:
            self(identity)

    def close(self) -> None:
        for reader in self._started.values():
            reader.close()
