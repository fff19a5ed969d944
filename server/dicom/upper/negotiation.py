"""What we take: one table of SOP classes and transfer syntaxes, and the choice among what is proposed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from server.dicom.upper.answer import (
    ABSTRACT_SYNTAX_NOT_SUPPORTED,
    ACCEPTED,
    TRANSFER_SYNTAXES_NOT_SUPPORTED,
    Answered,
)
from server.dicom.upper.request import Proposed, Role

VERIFICATION = "1.2.840.10008.1.1"
COMMITMENT = "1.2.840.10008.1.20.1"
"""Storage Commitment Push Model: an archive reports on what we have sent it; we commit to nothing."""
PERFORMED = "1.2.840.10008.3.1.2.3.3"
"""Modality Performed Procedure Step: a modality says what it makes and has made."""
_STORAGE = "1.2.840.10008.5.1.4.1.1"
_QUERY = "1.2.840.10008.5.1.4.1.2"
PATIENT_ROOT_FIND, STUDY_ROOT_FIND = f"{_QUERY}.1.1", f"{_QUERY}.2.1"
PATIENT_ROOT_MOVE, STUDY_ROOT_MOVE = f"{_QUERY}.1.2", f"{_QUERY}.2.2"
PATIENT_ROOT_GET, STUDY_ROOT_GET = f"{_QUERY}.1.3", f"{_QUERY}.2.3"
WORKLIST_FIND = "1.2.840.10008.5.1.4.31"
SERVICES = frozenset(
    (
        VERIFICATION, COMMITMENT, PATIENT_ROOT_FIND, STUDY_ROOT_FIND, PATIENT_ROOT_GET, STUDY_ROOT_GET,
        PATIENT_ROOT_MOVE, STUDY_ROOT_MOVE, WORKLIST_FIND, PERFORMED,
    )
)  # fmt: skip
"""SOP classes by which nothing is stored: their data sets come and go uncompressed."""

STORAGE_CLASSES = frozenset(
    _STORAGE + each
    for each in (
        ".1", ".1.1", ".1.1.1",  # CR; DX for presentation, for processing
        ".1.2", ".1.2.1", ".13.1.3",  # mammography; breast tomosynthesis
        ".2", ".2.1", ".4", ".4.1",  # CT and MR, classic and enhanced
        ".6.1", ".3.1", ".12.1", ".12.2", ".20", ".128",  # US, US multi-frame; XA, RF, NM, PT
        ".77.1.1", ".77.1.2", ".77.1.3", ".77.1.4", ".77.1.7",  # visible light; dermoscopic
        ".77.1.5.1", ".77.1.5.2", ".77.1.5.4",  # ophthalmic photography; tomography
        ".77.1.6",  # whole slide
        ".9.1.1",  # 12-lead ECG
        ".7", ".7.2", ".7.3", ".7.4",  # secondary capture
        ".88.11", ".88.22", ".88.33", ".88.34", ".88.35",  # structured reports
        ".88.50", ".88.65", ".88.69",  # CAD reports: mammography, chest, colon
        ".88.59",  # key objects
        ".66.4", ".66.7", ".30",  # segmentation, label map; parametric map
        ".11.1", ".11.2",  # presentation states
        ".91.1",  # bulk annotations
        ".104.1", ".104.2",  # encapsulated PDF, CDA
    )
)  # fmt: skip

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
_ENCAPSULATED = (
    ".5",  # RLE
    ".4.50", ".4.51", ".4.57", ".4.70",  # JPEG baseline, extended, lossless
    ".4.80", ".4.81",  # JPEG-LS
    ".4.90", ".4.91",  # JPEG 2000
    ".4.201", ".4.202", ".4.203",  # high-throughput JPEG 2000
    ".4.110", ".4.111", ".4.112",  # JPEG XL
)  # fmt: skip
ENCAPSULATED = frozenset(IMPLICIT_LITTLE + each for each in _ENCAPSULATED)
SYNTAXES = frozenset((IMPLICIT_LITTLE, EXPLICIT_LITTLE)) | ENCAPSULATED
"""Deflated only on request: half a megabyte of it can be six hundred."""
_UNCOMPRESSED = frozenset((IMPLICIT_LITTLE, EXPLICIT_LITTLE))


def choose(
    proposed: Iterable[Proposed],
    classes: Collection[str] = STORAGE_CLASSES,
    syntaxes: Collection[str] = SYNTAXES,
) -> tuple[Answered, ...]:
    """For each context the first syntax proposed that we take: what the sender names first, it holds.

    An unknown SOP class costs its context, never the association.
    """
    return tuple(_answer(each, classes, syntaxes) for each in proposed)


def granted(proposed: Iterable[Role]) -> tuple[Role, ...]:
    """Who provides what (PS3.7 D.3.3.4).

    Whoever reports on a commitment is its provider, though it calls (PS3.4 J.3.3); so is whoever would have
    objects sent to it on the association by which it asks for them (PS3.4 C.5.3.1).
    """
    return tuple(
        Role(each.sop_class, scu=each.scu and each.sop_class != COMMITMENT, scp=each.scp)
        for each in proposed
        if each.sop_class == COMMITMENT or each.sop_class in STORAGE_CLASSES
    )


def _answer(context: Proposed, classes: Collection[str], syntaxes: Collection[str]) -> Answered:
    service = context.sop_class in SERVICES
    if not service and context.sop_class not in classes:
        return Answered(context.id, ABSTRACT_SYNTAX_NOT_SUPPORTED, context.sop_class, "")
    taken = _UNCOMPRESSED if service else syntaxes
    for syntax in context.syntaxes:
        if syntax in taken:
            return Answered(context.id, ACCEPTED, context.sop_class, syntax)
    return Answered(context.id, TRANSFER_SYNTAXES_NOT_SUPPORTED, context.sop_class, "")
