"""Which resources belong to a patient: R4's Patient compartment (compartmentdefinition-patient.html)."""

from __future__ import annotations

from collections.abc import Mapping

from server.fhir.bindings import KEPT
from server.fhir.definitions.parameters import PATIENT_COMPARTMENT
from server.query import AnyOf, Ids, Reference, Test

MEMBERS: Mapping[str, tuple[str, ...]] = {
    type_: codes for type_, codes in PATIENT_COMPARTMENT.items() if type_ in KEPT
}
"""Resource type -> search parameters by which it belongs to a patient."""


def belonging(type_: str, id_: str) -> Test:
    """What a resource of the type meets when it belongs to the Patient with this id; themselves too."""
    tests: list[Test] = [Reference(code, (f"Patient/{id_}",)) for code in MEMBERS[type_]]
    return AnyOf((*tests, *([Ids((id_,))] if type_ == "Patient" else [])))
