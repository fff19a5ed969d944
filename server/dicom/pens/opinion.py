"""What the DICOM pens write of: one opinion on one film. There is no place here for a first opinion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from server.model import AiRead, Card

Map = NDArray[np.float32]

MARK = "AI second read, not verified by a clinician"
"""In plain words, as on every other wire: readers that ignore codes must still see it."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One SOP instance, as others refer to it."""

    sop_class: str
    sop_instance: str
    series: str
    study: str

    @classmethod
    def of(cls, header: Dataset) -> Instance:
        return cls(
            str(header.SOPClassUID),
            str(header.SOPInstanceUID),
            str(header.SeriesInstanceUID),
            str(header.StudyInstanceUID),
        )


@dataclass(frozen=True, slots=True)
class FilmOpinion:
    """A model's read of a film, and the film that it was read from."""

    read: AiRead
    card: Card
    words: str
    """The sentence that the report on every other wire carries, too."""
    film: Dataset
    """The header of the film that was read; pixels are not looked at."""
    looked_at: tuple[Instance, ...]
    """All objects that the reader was shown, the film among them or not."""
    operator: str
    """The organisation that takes responsibility for what we send."""
    attribution: Map | None = None
    """(row, column) on the film's own grid, 0 to 1: how much of the film speaks for the finding."""
    zone: tzinfo = UTC
    """Where the clocks of the destination stand, for films that do not say (0008,0201)."""

    @property
    def shown(self) -> Map | None:
        """The map that goes with an answer; a model that gives none has nothing to explain."""
        return None if self.read.declined else self.attribution

    @property
    def film_instance(self) -> Instance:
        return Instance.of(self.film)

    @property
    def evidence(self) -> tuple[Instance, ...]:
        """The film, then what else was looked at, each once."""
        return tuple(dict.fromkeys((self.film_instance, *self.looked_at)))


@dataclass(frozen=True, slots=True)
class Written:
    """One object, ready to be stored or sent (PS3.10 file)."""

    instance: Instance
    content: bytes
