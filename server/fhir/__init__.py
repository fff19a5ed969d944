"""The FHIR room: the REST door, what it understands, and the pens that write FHIR."""
