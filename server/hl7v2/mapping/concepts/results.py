"""Codes about results: tables 0078, 0080, 0085, 0123, 0136 (specimens), 0271, 0272."""

from __future__ import annotations

from server.hl7v2.mapping.concepts.table import Concepts

REPORT = Concepts(
    "ResultStatus[Non-Queries]",
    "http://hl7.org/fhir/diagnostic-report-status",
    {
        "O": "registered", "I": "registered", "S": "registered", "P": "preliminary", "C": "corrected",
        "R": "partial", "F": "final", "X": "cancelled",
    },
    # A: some, not all, results are there; M: corrected, not final, so nothing that locks; N: done, results
    # pending; Y and Z say that the order or the patient is not known: of a result nothing.
    ours={"A": "partial", "M": "preliminary", "N": "registered", "Y": "unknown", "Z": "unknown"},
)  # fmt: skip
OBSERVATION = Concepts(
    "ObservationResultStatusCodesInterpretation",
    "http://hl7.org/fhir/observation-status",
    {
        "A": "amended", "C": "corrected", "D": "entered-in-error", "F": "final", "P": "preliminary",
        "X": "cancelled", "W": "entered-in-error",
    },
    # FHIR wants a status. B: final, with more added; I: pending; N: documented that it was not asked; O: what
    # the order says; R: entered, not verified; S: part of it; U: the earlier value is final now; V: verified.
    ours={
        "B": "amended", "I": "registered", "N": "final", "O": "final", "R": "preliminary",
        "S": "preliminary", "U": "final", "V": "final",
    },
)  # fmt: skip
INTERPRETATION = Concepts(
    "InterpretationCodes",
    "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
    {
        each: each
        for each in (
            "<", ">", "A", "AA", "B", "CAR", "D", "DET", "E", "EX", "EXP", "H", "HH", "HU", "I", "IE", "IND",
            "L", "LL", "LU", "MS", "N", "NCL", "ND", "NEG", "NR", "NS", "POS", "R", "RR", "S", "SDD",
            "SYN-R", "SYN-S", "U", "VS", "UNE", "W", "WR",
        )
    },
    v2="http://terminology.hl7.org/CodeSystem/v2-0078",
    kept=frozenset({"AC", "HM", "OBX", "QCF", "TOX"}),
)  # fmt: skip
ABNORMALITY = Concepts(
    "NatureOfAbnormalTesting",
    "http://terminology.hl7.org/CodeSystem/v2-0080",
    {each: each for each in ("A", "N", "R", "S", "SP", "B", "ST")},
)
CONFIDENTIALITY = Concepts(
    "DocumentConfidentialityStatus",
    "http://terminology.hl7.org/CodeSystem/v2-0272",
    {each: each for each in ("V", "R", "U")},
)
AVAILABILITY = Concepts(
    "YesNoIndicator[AvailabilityStatus]",
    "http://hl7.org/fhir/specimen-status",
    {"Y": "available", "N": "unavailable"},
)
DOCUMENT = Concepts(
    "",
    "http://hl7.org/fhir/composition-status",
    {},
    # Table 0271 has no map of HL7's: authenticated and legally authenticated are final, all before is not.
    ours={
        "AU": "final", "LA": "final", "PA": "preliminary", "DO": "preliminary", "DI": "preliminary",
        "IP": "preliminary", "IN": "preliminary",
    },
)  # fmt: skip
