"""Codes of PS3.16, and those of a card as DICOM writes them."""

from __future__ import annotations

from highdicom.sr import CodedConcept

from server.model import Coding

_DESIGNATORS = {
    "http://snomed.info/sct": "SCT",
    "http://loinc.org": "LN",
    "http://hl7.org/fhir/sid/icd-10": "I10",
    "http://hl7.org/fhir/sid/icd-10-cm": "I10C",
    "http://unitsofmeasure.org": "UCUM",
    "http://dicom.nema.org/resources/ontology/DCM": "DCM",
    "http://radlex.org": "RADLEX",
    "http://www.radlex.org": "RADLEX",
}
"""FHIR code system -> Coding Scheme Designator (PS3.16 table 8-1). Never SRT, which is withdrawn."""
LONGEST = 64
"""Characters of Code Meaning and of every LO (PS3.5 section 6.2)."""


def dcm(value: str, meaning: str) -> CodedConcept:
    return CodedConcept(value, "DCM", meaning)


def coded(code: Coding) -> CodedConcept:
    """A card's code.

    Raises:
        ValueError: DICOM has no designator for its code system.
    """
    if code.system not in _DESIGNATORS:
        raise ValueError(f"the card's code must be from one of {', '.join(_DESIGNATORS)}")
    return CodedConcept(code.code, _DESIGNATORS[code.system], short(code.display or code.code))


def short(text: str) -> str:
    """What fits an LO: no backslash, at most LONGEST characters."""
    line = " ".join(text.replace("\\", "/").split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


PRESENT = CodedConcept("52101004", "SCT", "Present")
ABSENT = CodedConcept("2667000", "SCT", "Absent")
UNDETERMINED = CodedConcept("373068000", "SCT", "Undetermined")
PERCENT = CodedConcept("%", "UCUM", "Percent")
PIXELS = CodedConcept("{pixels}", "UCUM", "Pixels")
MILLIMETRE = CodedConcept("mm", "UCUM", "millimeter")
ONE = CodedConcept("1", "UCUM", "no units")

CERTAINTY = dcm("111012", "Certainty of Finding")
AI = dcm("123110", "Artificial Intelligence")
PROCESSING = dcm("109102", "Processing Equipment")
VISUAL_EXPLANATION = dcm("130401", "Visual explanation")
CLASS_ACTIVATION = dcm("130402", "Class activation")
CONCLUSION = dcm("121077", "Conclusion")
QUALITATIVE_EVALUATIONS = CodedConcept("C0034375", "UMLS", "Qualitative Evaluations")
SOURCE = CodedConcept("260753009", "SCT", "Source")
