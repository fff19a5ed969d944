"""What this door says of itself as FHIR: codes, identifiers, search parameters, profiles, operations.

Made from the tables that the code walks; tests fail when the two part. Nothing of it is stored.
"""
