"""Second Reader: independent second opinions over FHIR, DICOM and HL7 v2."""

__version__ = "0.1.0"
