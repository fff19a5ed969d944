from __future__ import annotations

import pytest

from server.fhir.home import HERE, Everything, letter_home, publish, settle_references
from server.fhir.pens.correspondence import Operator, mint
from server.fhir.terms import SR

OTHER = "https://ehr.example/patient"


@pytest.mark.parametrize(
    ("reference", "settled"),
    [
        (
            {"type": "Patient", "identifier": {"system": HERE, "value": "Patient/p"}},
            {"type": "Patient", "reference": "Patient/p"},
        ),
        (
            {
                "type": "ServiceRequest",
                "identifier": {"system": f"{SR}/referral", "value": "x"},
                "display": "r",
            },
            {"type": "ServiceRequest", "reference": "ServiceRequest/x", "display": "r"},
        ),
        (
            {"type": "Patient", "identifier": {"system": OTHER, "value": "1"}},
            {"type": "Patient", "identifier": {"system": OTHER, "value": "1"}},
        ),
        ({"reference": "Patient/p"}, {"reference": "Patient/p"}),
        (
            {"system": f"{SR}/referral", "value": "x"},
            {"system": f"{SR}/referral", "value": "x"},
        ),
    ],
)
def test_references_to_our_own_things_become_literal(reference: object, settled: object) -> None:
    assert settle_references({"deep": [{"for": reference}], "n": 1}) == {"deep": [{"for": settled}], "n": 1}


def test_everything_here_is_known_by_its_address() -> None:
    known = Everything()
    assert known["Observation/o"] == {"system": HERE, "value": "Observation/o"}
    assert known.get("Patient/p") == {"system": HERE, "value": "Patient/p"}
    assert (list(known), len(known)) == ([], 0)


def test_a_letter_home_names_patient_and_task_by_address() -> None:
    letter = letter_home("case", "Patient/p", "Task/t", {"id": "t"}, Operator("Tests"))
    assert letter.patient == {"system": HERE, "value": "Patient/p"}
    assert letter.task == {"system": HERE, "value": "Task/t"}
    assert letter.known["Task/t"] == {"system": HERE, "value": "Task/t"}


def test_what_is_created_is_published_under_its_minted_id() -> None:
    opinion, device = mint("case", "opinion"), mint("card@1", "device")
    bundle = {
        "entry": [
            {
                "fullUrl": "urn:uuid:5b1f5f2e-0000-4000-8000-000000000001",
                "resource": {"resourceType": "Device", "identifier": [{"value": "card@1"}]},
                "request": {"method": "POST", "url": "Device"},
            },
            {
                "fullUrl": f"urn:uuid:{opinion}",
                "resource": {
                    "resourceType": "Observation",
                    "subject": {"type": "Patient", "identifier": {"system": HERE, "value": "Patient/p"}},
                    "device": {"reference": "urn:uuid:5b1f5f2e-0000-4000-8000-000000000001"},
                    "note": [{"text": "urn:uuid:kept"}],
                },
                "request": {"method": "POST", "url": "Observation"},
            },
            {
                "fullUrl": "urn:uuid:5b1f5f2e-0000-4000-8000-000000000002",
                "resource": {"resourceType": "Task"},
                "request": {"method": "PUT", "url": "Task?identifier=x"},
            },
        ]
    }
    made = publish(bundle)
    assert [id_ for id_, _ in made] == [str(device), str(opinion)]
    observation = made[1][1]
    assert observation["subject"] == {"type": "Patient", "reference": "Patient/p"}
    assert observation["device"] == {"reference": f"Device/{device}"}
    assert observation["note"] == [{"text": "urn:uuid:kept"}]
