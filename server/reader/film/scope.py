"""What an object's header must say for a reader of films. Pure: looks at no pixel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
)

from server.model import FilmContract, Span
from server.reader.film.age import ages, within
from server.reader.film.outside import Outside

SOP_CLASSES = frozenset({ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation})
"""Not DX for processing: its grey values are the detector's, before anything was done for the eye."""

_UPRIGHT = re.compile(r"[LR][AHFP]*\\F[ALRP]*")
"""Patient Orientation (0020,0020) of an upright frontal film: rows to a side, columns to the feet."""

CHEST = frozenset({("SCT", "51185008"), ("SRT", "T-D3000"), ("SNM3", "T-D3000")})
"""Chest as Anatomic Region Sequence says it (PS3.16 Annex L), and as it said before 2019."""
VIEW_CODES = {
    ("SCT", "399348003"): "AP",
    ("SRT", "R-10206"): "AP",
    ("SNM3", "R-10206"): "AP",
    ("SCT", "272479007"): "PA",
}
"""View Code Sequence (CID 4010)."""


def outside(header: Dataset, film: FilmContract, age_years: Span, born: date | None) -> Iterator[Outside]:
    """Every reason in the header not to read this film."""
    if UID(str(header.get("SOPClassUID") or "")) not in SOP_CLASSES:
        yield Outside.SOP_CLASS
    if _text(header, "Modality") not in film.modalities:
        yield Outside.MODALITY
    if not _chest(header, film):
        yield Outside.BODY_PART
    yield from _view(header, film)
    known = list(ages(header, born))
    if not known:
        yield Outside.AGE_UNKNOWN
    elif not within(age_years, known):
        yield Outside.AGE
    if _text(header, "BurnedInAnnotation") == "YES":
        yield Outside.BURNED_IN


def lossy(header: Dataset) -> bool:
    """Whether the film was ever compressed with loss (0028,2110); worth telling, no reason to decline."""
    return _text(header, "LossyImageCompression") == "01"


def _chest(header: Dataset, film: FilmContract) -> bool:
    """The body part, where it is stated, is one of the contract's; code and text must agree."""
    part, codes = _text(header, "BodyPartExamined"), _codes(header, "AnatomicRegionSequence")
    return (not part or part in film.body_parts) and (not codes or codes <= CHEST)


def _view(header: Dataset, film: FilmContract) -> Iterator[Outside]:
    stated = {_text(header, "ViewPosition")} - {""}
    stated |= {VIEW_CODES.get(code, "another") for code in _codes(header, "ViewCodeSequence")}
    if not stated:
        yield Outside.VIEW_UNKNOWN
    elif not stated <= set(film.views) or not _upright(header):
        yield Outside.VIEW


def _upright(header: Dataset) -> bool:
    """Many films state no orientation; one that does must not lie on its side, nor be seen from there."""
    stated = header.get("PatientOrientation")
    said = "\\".join(str(each) for each in (stated if isinstance(stated, MultiValue) else [stated or ""]))
    return not said.strip("\\ ") or _UPRIGHT.fullmatch(said.strip().upper()) is not None


def _codes(header: Dataset, keyword: str) -> set[tuple[str, str]]:
    items = header.get(keyword) or ()
    return {(_text(item, "CodingSchemeDesignator"), _text(item, "CodeValue")) for item in items}


def _text(header: Dataset, keyword: str) -> str:
    return str(header.get(keyword) or "").strip().upper()
