"""Codes as HL7 v2 writes them: tables by number, code systems by their names in table 0396."""

from __future__ import annotations

from typing import Final

from server.hl7v2.pens.er7 import parts
from server.model import Coding

_SYSTEMS: Final = {
    "http://snomed.info/sct": "SCT",
    "http://loinc.org": "LN",
    "http://hl7.org/fhir/sid/icd-10": "I10",
    "http://hl7.org/fhir/sid/icd-10-cm": "I10C",
    "http://unitsofmeasure.org": "UCUM",
    "http://dicom.nema.org/resources/ontology/DCM": "DCM",
    "http://radlex.org": "RADLEX",
    "http://www.radlex.org": "RADLEX",
}
"""FHIR code system -> table 0396."""
OURS: Final = "99SR"
"""Our own codes, those of ``{SR}/CodeSystem/task`` and ``/agreement`` (docs/hl7v2.md)."""
MODELS: Final = "99SRM"
"""Models, by name and version."""
LOCAL: Final = "L"
"""Table 0396: a code of whoever sends it."""

FINDINGS: Final = parts("59776-5", "Procedure findings", "LN")
AGREEMENT: Final = parts("agreement", "Agreement with the first report", OURS)
DECIDED: Final = parts("decided-by", "Whose answer it ended with", OURS)
OUTCOME: Final = parts("outcome", "What was decided", OURS)
STUDY: Final = parts("110180", "Study Instance UID", "DCM")


def coded(code: Coding) -> str:
    """CE or CWE: identifier, text, name of the coding system."""
    return parts(code.code, code.display, _SYSTEMS.get(code.system, LOCAL))


def ours(code: str, words: str) -> str:
    return parts(code, words, OURS)
