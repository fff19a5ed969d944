from __future__ import annotations

import copy

from server.fhir.findings import Findings
from server.fhir.models import load, second_reading
from tests.badinput.builders import OBSERVATION, PATIENT, TASK


def objections(resource):
    findings = Findings()
    second_reading(findings, resource, resource["resourceType"])
    return bool(findings)


def test_it_knows_types_that_come_only_contained():
    medication = {"resourceType": "Medication", "id": "a", "status": "active"}
    assert not objections(TASK | {"contained": [medication]})
    assert objections(TASK | {"contained": [medication | {"foo": 1}]})


def test_types_that_r4b_dropped_are_left_to_the_first_reading():
    assert not objections(TASK | {"contained": [{"resourceType": "MedicinalProduct", "id": "a"}]})


def test_entries_are_read_on_their_own():
    entry = {"resource": PATIENT | {"foo": 1}, "request": {"method": "POST", "url": "Patient"}}
    assert not objections({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert objections({"resourceType": "Bundle", "type": "transaction", "entry": [entry | {"foo": 1}]})


def test_the_resource_is_not_changed():
    resource = OBSERVATION | {
        "valueQuantity": {"value": 1, "unit": "g"},
        "contained": [PATIENT | {"id": "a"}],
    }
    before = copy.deepcopy(resource)
    second_reading(Findings(), resource, "Observation")
    assert resource == before


def test_load_is_enough_for_a_first_request():
    load()
    assert not objections(TASK)
