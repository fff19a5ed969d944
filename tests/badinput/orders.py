"""What the server under test holds before the bad requests come, and well-formed orders to spoil.

Every name, identifier and text of a patient holds CANARY: it may come back in a resource that is
read, never in the words of a refusal or in a log.
"""

from __future__ import annotations

import json
from typing import Any

CANARY = "Zebedee"
SR = "https://second-reader.example/fhir"
EHR = "https://ehr.example/task"
MRN = "https://ehr.example/patient"
_PATIENTS = {
    "anna": f"MRN-{CANARY}-1",
    "bert": f"MRN-{CANARY}-2",
    "twin-1": f"{CANARY}-twin",
    "twin-2": f"{CANARY}-twin",
    "percent": f"{CANARY} 50%26+1",
    "gone": f"MRN-{CANARY}-3",
}


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def person(value: str = f"MRN-{CANARY}-9", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "birthDate": "1990-05-01",
        "name": [{"family": CANARY}],
        "identifier": [{"system": MRN, "value": value}],
        **more,
    }


def measured(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": coded("http://loinc.org", "26464-8"),
        "subject": {"reference": "Patient/anna"},
        "effectiveDateTime": "2024-01-05T07:00:00Z",
        "note": [{"text": f"drawn from {CANARY}"}],
        "valueQuantity": {
            "value": 1200,
            "unit": "/uL",
            "system": "http://unitsofmeasure.org",
            "code": "/uL",
        },
        **more,
    }


def signed(patient: str = "anna", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": coded("http://loinc.org", "11502-2"),
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2024-01-05T08:00:00Z",
        "issued": "2024-01-05T08:30:00Z",
        "resultsInterpreter": [{"reference": "PractitionerRole/reader"}],
        "conclusionCode": [coded("http://snomed.info/sct", "58170007")],
        "conclusion": f"{CANARY} has viral meningitis",
        **more,
    }


def order(number: str = "new", **more: Any) -> dict[str, Any]:
    """A Task that would be admitted; None takes an element away."""
    made = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "identifier": [{"system": EHR, "value": f"T-{CANARY}-{number}"}],
        "code": coded(f"{SR}/CodeSystem/task", "second-read"),
        "focus": {"reference": "DiagnosticReport/unasked"},
        "for": {"reference": "Patient/anna"},
        "authoredOn": "2024-01-05T08:59:00Z",
        "input": [question("bacterial-meningitis")],
        **more,
    }
    return {name: value for name, value in made.items() if value is not None}


def asked(**more: Any) -> dict[str, Any]:
    """The order that is there when the bad requests come."""
    return order("asked", **{"focus": {"reference": "DiagnosticReport/of-anna"}, **more})


def question(code: str) -> dict[str, Any]:
    return {
        "type": coded(f"{SR}/CodeSystem/task", "clinical-question"),
        "valueCodeableConcept": coded(f"{SR}/CodeSystem/question", code),
    }


def named(resource: dict[str, Any], id_: str) -> dict[str, Any]:
    return {**resource, "id": id_}


def told(resource: dict[str, Any]) -> bytes:
    return json.dumps(resource).encode()


def put(resource: dict[str, Any], id_: str, **request: Any) -> dict[str, Any]:
    """A Bundle entry that updates."""
    url = f"{resource['resourceType']}/{id_}"
    return {"resource": named(resource, id_), "request": {"method": "PUT", "url": url, **request}}


def furniture() -> list[dict[str, Any]]:
    """What is stored first, in this order, each by PUT under its own id."""
    role = {
        "resourceType": "PractitionerRole",
        "practitioner": {"reference": "Practitioner/reader"},
        "organization": {"reference": "Organization/house"},
    }
    return [
        *(named(person(value), id_) for id_, value in _PATIENTS.items()),
        {"resourceType": "Organization", "id": "house", "name": "Demo General"},
        {"resourceType": "Practitioner", "id": "reader", "name": [{"family": CANARY}]},
        named(role, "reader"),
        named(measured(), "of-anna"),
        named(signed(), "of-anna"),
        named(signed(), "unasked"),
        named(signed("bert"), "of-bert"),
        named(signed(status="entered-in-error"), "withdrawn"),
        named(asked(), "asked"),
    ]
