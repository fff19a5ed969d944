"""A withdrawn opinion, as archives hear of it: a key object selection that rejects it (IHE IOCM).

What was sent stays where it is, and is to be shown no more: nothing is deleted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, tzinfo
from enum import Enum

from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from highdicom.sr import (
    CodeContentItem,
    ObserverContext,
    PersonObserverIdentifyingAttributes,
)
from highdicom.sr.enum import RelationshipTypeValues
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import ParametricMapStorage, SecondaryCaptureImageStorage

from server.dicom.pens.codes import dcm, short
from server.dicom.pens.heading import head, local
from server.dicom.pens.opinion import Instance, Written
from server.dicom.pens.sealing import date_all, seal
from server.dicom.pens.source import bare
from server.dicom.pens.uids import minted
from server.model import Withdrawal

_SERIES_NUMBER = 9009
_OURS = "Second Reader"
_IMAGES = {ParametricMapStorage, SecondaryCaptureImageStorage}
"""Which of our objects are images, and are referred to as such (PS3.3 C.17.3)."""
_TITLE_MODIFIER = dcm("113011", "Document Title Modifier")


_SOFTWARE_FAILURE = dcm("111218", "Software failure")
"""CID 7011: TID 2010 wants a rejection for quality to say why."""


class Rejection(Enum):
    """Why; of the titles that CID 7010 has for it."""

    SAFETY = dcm("113037", "Rejected for Patient Safety Reasons")
    """Nobody must see it any more. IOCM has archives withhold it; what holds for a withdrawn opinion."""
    QUALITY = dcm("113001", "Rejected for Quality Reasons")
    """It may still be shown to those who ask for rejected objects."""


@disable_value_validation()  # pydicom's warnings quote what they warn of
def write_rejection(
    sent: Sequence[Instance],
    film: Dataset,
    said: Withdrawal,
    operator: str,
    *,
    why: Rejection = Rejection.SAFETY,
    zone: tzinfo = UTC,
) -> Written:
    """``sent``: the objects of the opinion, all of one study; ``film``: the header of what it was about.

    Raises:
        ValueError: nothing was sent, or it is of another study than the film.
    """
    if not sent or {each.study for each in sent} != {str(film.StudyInstanceUID)}:
        raise ValueError("a rejection names at least one object, all of the film's own study")
    names = sorted(each.sop_instance for each in sent)
    written = KeyObjectSelectionDocument(
        evidence=[_object(each) for each in sent],
        content=_content(sent, said, operator, why),
        series_instance_uid=minted("series", "rejection", *names),
        series_number=_SERIES_NUMBER,
        sop_instance_uid="2.25.0",
        instance_number=1,
        manufacturer=_OURS,
        institution_name=short(operator),
        series_description="AI second read withdrawn, do not use",
    )
    del written.ContributingEquipmentSequence
    head(written, film)
    date_all(written, local(said.at, film, zone))
    return seal(written, lambda content: _uid(names, content))


def _uid(names: Sequence[str], content: bytes) -> str:
    return minted("instance", "rejection", *names, hashlib.sha256(content).hexdigest())


def _object(instance: Instance) -> Dataset:
    """Highdicom tells an image by its size."""
    shown = bare(instance)
    if instance.sop_class in _IMAGES:
        shown.Rows = shown.Columns = 1
    return shown


def _content(sent: Sequence[Instance], said: Withdrawal, operator: str, why: Rejection) -> KeyObjectSelection:
    """TID 2010."""
    content = KeyObjectSelection(
        document_title=why.value,
        referenced_objects=[_object(each) for each in sent],
        observer_person_context=_person(said, operator),
        description=f"AI second read withdrawn, do not use: {said.reason}",
    )
    if why is Rejection.QUALITY:
        modifier = CodeContentItem(_TITLE_MODIFIER, _SOFTWARE_FAILURE, RelationshipTypeValues.HAS_CONCEPT_MOD)
        content[0].ContentSequence.insert(0, modifier)
    return content


def _person(said: Withdrawal, operator: str) -> ObserverContext:
    """Who withdrew it, as one family name: what stands there is not known to be made of parts."""
    name = short(said.by.replace("^", " ").replace("=", " "))[:63] + "^"
    attributes = PersonObserverIdentifyingAttributes(name=name, organization_name=operator)
    return ObserverContext(codes.DCM.Person, attributes)
