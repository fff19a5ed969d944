"""Which procedure a report is on: the film's own codes, else a plain radiograph."""

from __future__ import annotations

from collections.abc import Iterator

from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset

from server.dicom.pens.heading import items

_DEFAULT = CodedConcept("363680008", "SCT", "Radiographic imaging procedure")
_WITHDRAWN = {"SRT", "SNM3", "99SDM"}
"""SNOMED-RT is no longer to be sent (CP-1850)."""


def procedures(film: Dataset) -> list[CodedConcept]:
    """Procedure Code Sequence (0008,1032), else what was requested (0040,0275), else the default."""
    asked = (
        item
        for request in items(film, "RequestAttributesSequence")
        for item in items(request, "RequestedProcedureCodeSequence")
    )
    for stated in (items(film, "ProcedureCodeSequence"), asked):
        known = [found for item in stated for found in whole_codes(item)]
        if known:
            return known
    return [_DEFAULT]


def whole_codes(item: Dataset) -> Iterator[CodedConcept]:
    """Codes that are whole; a table that calls itself a code is none."""
    value = str(item.get("CodeValue") or item.get("LongCodeValue") or "")
    scheme, meaning = str(item.get("CodingSchemeDesignator") or ""), str(item.get("CodeMeaning") or "")
    if value and scheme and meaning and scheme not in _WITHDRAWN and len(scheme) <= 16 and len(meaning) <= 64:
        version = item.get("CodingSchemeVersion")
        yield CodedConcept(value, scheme, meaning, str(version) if version else None)
