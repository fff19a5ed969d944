"""What a message means: drafts of FHIR resources, made by tables (decision 27). Pure."""
