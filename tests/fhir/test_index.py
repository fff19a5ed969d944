from __future__ import annotations

import pytest

from server.fhir.index import patient_of


@pytest.mark.parametrize(
    ("resource", "patient"),
    [
        ({"resourceType": "Patient", "id": "p"}, "Patient/p"),
        ({"resourceType": "Task", "for": {"reference": "Patient/p/_history/2"}}, "Patient/p"),
        ({"resourceType": "Observation", "subject": {"reference": "Patient/p"}}, "Patient/p"),
        ({"resourceType": "Observation", "subject": {"reference": "Group/g"}}, None),
        ({"resourceType": "Observation", "subject": {"reference": "https://x.example/Patient/p"}}, None),
        ({"resourceType": "Observation"}, None),
        ({"resourceType": "PractitionerRole"}, None),
    ],
)
def test_about_whom(resource, patient) -> None:
    assert patient_of(resource) == patient
