"""A reader of films as the steps know readers: from the inputs of a case to the read that is sealed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from server.contract import Inputs
from server.model import AiRead, Card, FilmLook, ResourceKey
from server.reader.film.film_reader import FilmReader
from server.reader.film.verdict import FilmObject, FilmRead
from server.reader.process import LIMIT
from server.reader.verdict import declined

INSTANCE = "instance"
"""The type of the key by which an object is named within a read."""


class FilmDesk:
    """``server.ports.Reader``."""

    def __init__(
        self, card: Card, folder: Path, content: Callable[[str], bytes], limit: timedelta = LIMIT
    ) -> None:
        """``content``: the bytes of an object by the digest of its file."""
        self._card = card
        self._reader = FilmReader(card, folder, limit)
        self._content = content

    def start(self) -> None:
        """Raises Fault as ``FilmReader.start``."""
        self._reader.start()

    def read(self, inputs: Inputs, now: datetime) -> AiRead:
        """Raises Fault as ``FilmReader.read``."""
        if inputs.outside:
            return declined(self._card, inputs, now)
        films = [
            FilmObject(self._content(each.file), ResourceKey(INSTANCE, each.sop_instance))
            for each in inputs.films
        ]
        found = self._reader.read(films, inputs.born, now)
        # The case knows its inputs by the data sets and its sources by the study at our door.
        return replace(found.read, input_digest=inputs.digest, sources=inputs.sources, film=_look(found))

    def close(self) -> None:
        self._reader.close()


def _look(found: FilmRead) -> FilmLook | None:
    if found.film is None or found.attribution is None or found.cells is None:
        return None
    rows, columns = found.attribution.shape
    cells = tuple(tuple(float(each) for each in row) for row in found.cells)
    return FilmLook(found.film.id, rows, columns, cells, found.lossy)
