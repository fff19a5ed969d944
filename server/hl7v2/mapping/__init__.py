"""What a message means: drafts of FHIR resources, made by tables (docs/decisions/0027-hl7-mapping.md). Pure."""
