"""Coding system names (table 0396, and what is sent for them) and the URLs that FHIR has for them."""

from __future__ import annotations

import re

KNOWN = {
    "LN": "http://loinc.org",
    "LOINC": "http://loinc.org",
    "SCT": "http://snomed.info/sct",
    "SNOMED": "http://snomed.info/sct",
    "SNOMED-CT": "http://snomed.info/sct",
    "SNOMEDCT": "http://snomed.info/sct",
    "UCUM": "http://unitsofmeasure.org",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "I10C": "http://hl7.org/fhir/sid/icd-10-cm",
    "ICD10CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "I10P": "http://www.cms.gov/Medicare/Coding/ICD10",
    "ICD10PCS": "http://www.cms.gov/Medicare/Coding/ICD10",
    "I9": "http://hl7.org/fhir/sid/icd-9-cm",
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
    "I9CDX": "http://hl7.org/fhir/sid/icd-9-cm",
    "I9CP": "http://hl7.org/fhir/sid/icd-9-cm",
    "CPT": "http://www.ama-assn.org/go/cpt",
    "C4": "http://www.ama-assn.org/go/cpt",
    "C5": "http://www.ama-assn.org/go/cpt",
    "CPTM": "http://www.ama-assn.org/go/cpt",
    "RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "NDC": "http://hl7.org/fhir/sid/ndc",
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "MVX": "http://terminology.hl7.org/CodeSystem/MVX",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "RADLEX": "http://radlex.org",
    "NUCC": "http://nucc.org/provider-taxonomy",
    "ISO639": "urn:ietf:bcp:47",
    "ISO3166_1": "urn:iso:std:iso:3166",
}
BY_OID = {
    "2.16.840.1.113883.6.1": "http://loinc.org",
    "2.16.840.1.113883.6.96": "http://snomed.info/sct",
    "2.16.840.1.113883.6.8": "http://unitsofmeasure.org",
    "2.16.840.1.113883.6.3": "http://hl7.org/fhir/sid/icd-10",
    "2.16.840.1.113883.6.90": "http://hl7.org/fhir/sid/icd-10-cm",
    "2.16.840.1.113883.6.103": "http://hl7.org/fhir/sid/icd-9-cm",
    "2.16.840.1.113883.6.12": "http://www.ama-assn.org/go/cpt",
    "2.16.840.1.113883.6.88": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "1.2.840.10008.2.16.4": "http://dicom.nema.org/resources/ontology/DCM",
    "2.16.840.1.113883.6.256": "http://radlex.org",
}
UCUM = KNOWN["UCUM"]
LOINC = KNOWN["LN"]
SNOMED = KNOWN["SCT"]

_V2_TABLE = re.compile(r"HL7-?(\d{4})", re.ASCII)
_OID = re.compile(r"[0-2](\.(0|[1-9]\d*)){3,}", re.ASCII)
_LOCAL = re.compile(r"L|99\w*", re.ASCII)


def url(name: str) -> str | None:
    """Of a system that everybody knows."""
    upper = name.upper()
    if upper in KNOWN:
        return KNOWN[upper]
    if (table := _V2_TABLE.fullmatch(upper)) is not None:
        return f"http://terminology.hl7.org/CodeSystem/v2-{table[1]}"
    if name in BY_OID:
        return BY_OID[name]
    return f"urn:oid:{name}" if _OID.fullmatch(name) else None


def local(name: str) -> bool:
    """``L`` and ``99zzz``: the sender's own, and said to be (table 0396)."""
    return _LOCAL.fullmatch(name) is not None
