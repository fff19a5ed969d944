"""One module for each group of HL7 v2 data types (HL7 v2.8 chapter 2A): value to FHIR value, or to None."""
