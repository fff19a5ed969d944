"""HL7 v2 tables and what FHIR says for their codes (the concept maps of HL7's v2-to-FHIR)."""
