"""What R4 (4.0.1) itself says of the types that we serve, as data: elements, codes, invariants, searches.

The JSON files here are made from the official package by ``python -m server.fhir.definitions.make``
and never edited by hand; the modules beside them are their typed readers.
"""
