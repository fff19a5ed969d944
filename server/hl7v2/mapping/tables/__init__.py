"""Which field goes where: one table for each pair of segment and resource (HL7's v2-to-FHIR segment maps)."""
