"""The hospital's radiology: a modality that sends films, and the archive that keeps what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.dataset import FileDataset

from conformance.demo.cases import Shot, Story
from conformance.demo.interface import Interface
from conformance.peers.modality import Modality, Order, films, taken
from conformance.peers.pacs import Pacs
from conformance.peers.request import ReadRequest

FILMS = Path(__file__).parent / "films"
_WORDS = {
    "1.2.840.10008.5.1.4.1.1.88.33": "SR",
    "1.2.840.10008.5.1.4.1.1.88.34": "SR",
    "1.2.840.10008.5.1.4.1.1.30": "map",
    "1.2.840.10008.5.1.4.1.1.7": "picture",
    "1.2.840.10008.5.1.4.1.1.88.59": "rejection note",
}
"""What people call an object, by its SOP class (PS3.4 B.5)."""


@dataclass(frozen=True, slots=True)
class Radiology:
    """What stands beside the hospital's EHR."""

    modality: Modality
    archive: Pacs
    interface: Interface | None = None
    """Of cases that are ordered and reported by HL7 v2."""

    def send(self, shots: tuple[Shot, ...], story: Story, request: ReadRequest, first: int = 1) -> list[int]:
        """C-STORE these images of a case; the status of each.

        Raises:
            NotTaken: the second reader does not accept the association, or what is said of the examination.
        """
        imaging = story.imaging
        whose = "somebody-else" if imaging and imaging.another_patient else f"P-{request.token}"
        order = Order(patient_id=whose, patient_name="Demo^Film", accession="", study=_study(request))
        step = self.modality.begin(order) if imaging and imaging.performed else ""
        made = [_film(order, shot, at) for at, shot in enumerate(shots, first)]
        statuses = self.modality.send(made)
        if step:
            self.modality.end(step, made)
        return statuses

    def kept(self, request: ReadRequest) -> tuple[str, ...]:
        """What the archive holds of a case's study, in a person's words."""
        query = Dataset()
        query.QueryRetrieveLevel, query.StudyInstanceUID, query.SOPClassUID = "IMAGE", _study(request), ""
        classes = [str(each.SOPClassUID) for each in self.archive.objects.matching(query)]
        order = (*_WORDS, *classes)
        return tuple(_WORDS.get(each, each) for each in sorted(classes, key=order.index))


def _study(request: ReadRequest) -> str:
    return request.study.uid if request.study else ""


def _film(order: Order, shot: Shot, number: int) -> FileDataset:
    if shot.file:
        return taken(order, picture(FILMS / shot.file), shot.view, number)
    (made_up,) = films(order)
    made_up.ViewPosition, made_up.InstanceNumber = shot.view, number
    return made_up


def picture(path: Path) -> NDArray[np.uint8]:
    """A film's grey values, (row, column)."""
    with Image.open(path) as opened:
        return np.asarray(opened.convert("L"), np.uint8)
