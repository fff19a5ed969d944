"""fhir-kit-client (npm) is content with the door."""

from __future__ import annotations


def test_everything_it_does(fhir_kit: dict[str, object]) -> None:
    assert fhir_kit == {
        "capabilities": ["4.0.1", True],
        "read": "Kit-Anna",
        "update": "2",
        "vread": None,
        "patch": ["3", "other"],
        "conditional update": [True, "4"],
        "history": ["4", "3", "2", "1"],
        "transaction": 25,
        "pages": [10, 10, 5],
        "chain and include": [["Observation", "match"], ["Patient", "include"]],
        "everything": 26,
        "resolve": True,
        "deleted": [410, "deleted"],
        "refused": [422, ["Patient.gender"]],
    }
