"""Which part of the body a film shows."""

from __future__ import annotations

from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset

from server.dicom.pens.heading import items
from server.dicom.pens.procedure import whole_codes

_CHEST = CodedConcept("816094009", "SCT", "Chest")
_ANYWHERE = CodedConcept("38266002", "SCT", "Entire body")
_NAMED = {"CHEST": _CHEST, "THORAX": _CHEST}
UNPAIRED = frozenset(_NAMED)
"""Values of Body Part Examined that have no side (PS3.3 C.7.3.1)."""


def region(film: Dataset) -> CodedConcept:
    """As the film codes it (0008,2218), else by Body Part Examined (0018,0015); CID 4031."""
    for item in items(film, "AnatomicRegionSequence"):
        for found in whole_codes(item):
            return found
    return _NAMED.get(str(film.get("BodyPartExamined") or ""), _ANYWHERE)
