from __future__ import annotations

from server.fhir.bindings import KEPT, SERVED
from server.fhir.definitions.types import TYPES


def test_what_is_kept_is_taken():
    assert set(SERVED) > KEPT


def test_what_is_only_described_is_not_taken():
    assert TYPES.keys() - set(SERVED) == {
        "CapabilityStatement", "CodeSystem", "NamingSystem", "OperationDefinition", "SearchParameter",
        "StructureDefinition", "ValueSet",
    }  # fmt: skip
