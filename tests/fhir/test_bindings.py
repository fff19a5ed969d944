from __future__ import annotations

from server.fhir.bindings import GUARDED, KEPT, SERVED, WRITTEN
from server.fhir.definitions.types import TYPES


def test_what_is_written_is_kept_and_what_is_kept_is_taken():
    assert GUARDED < set(WRITTEN) < set(KEPT) < set(SERVED)


def test_what_is_only_described_is_not_taken():
    assert TYPES.keys() - set(SERVED) == {
        "CapabilityStatement", "CodeSystem", "NamingSystem", "OperationDefinition", "SearchParameter",
        "StructureDefinition", "ValueSet",
    }  # fmt: skip
