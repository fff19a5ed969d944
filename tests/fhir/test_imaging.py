"""What an order says of its study, wherever its sender has put it."""

from __future__ import annotations

from typing import Any

import pytest

from server.fhir.imaging import ordered
from server.fhir.terms import IN_STUDY
from server.images import Ordered, Person

PATIENT = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:hosp", "value": " PID-1 "}, {"value": "7"}],
}
UID = {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}
NUMBER = {
    "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]},
    "system": "urn:ris",
    "value": "ACC-1",
}
STUDY = {
    "resourceType": "ImagingStudy",
    "id": "i1",
    "status": "available",
    "identifier": [UID, NUMBER],
    "numberOfInstances": 2,
}
ORDER = {"resourceType": "ServiceRequest", "id": "s1", "identifier": [NUMBER]}
STORE = {"ImagingStudy/i1": STUDY, "ServiceRequest/s1": ORDER}
TO_STUDY = {"reference": "ImagingStudy/i1"}
PEOPLE = (("urn:hosp", "PID-1"), ("", "7"))


def task(**value: Any) -> dict[str, Any]:
    kind = {"coding": [{"system": IN_STUDY.system, "code": IN_STUDY.code}]}
    return {"resourceType": "Task", "input": [{"type": kind, **value}]}


def said(task: dict[str, Any], report: dict[str, Any] | None = None, store: Any = STORE) -> Ordered:
    return ordered(task, report or {}, PATIENT, lambda type_, id_: store.get(f"{type_}/{id_}"))


@pytest.mark.parametrize(
    ("asked", "report", "studies", "accessions", "expected"),
    [
        (task(valueReference={"identifier": UID}), {}, ("1.2.3",), (), None),
        (task(valueIdentifier=UID), {}, ("1.2.3",), (), None),
        (task(valueIdentifier={**UID, "value": "1.2.3"}), {}, ("1.2.3",), (), None),
        (task(valueReference=TO_STUDY), {}, ("1.2.3",), (("urn:ris", "ACC-1"),), 2),
        ({}, {"imagingStudy": [TO_STUDY]}, ("1.2.3",), (("urn:ris", "ACC-1"),), 2),
        ({}, {"imagingStudy": [{"identifier": UID}]}, ("1.2.3",), (), None),
        ({}, {"basedOn": [{"reference": "ServiceRequest/s1"}]}, (), (("urn:ris", "ACC-1"),), None),
        ({"basedOn": [{"reference": "ServiceRequest/s1"}]}, {}, (), (("urn:ris", "ACC-1"),), None),
        ({}, {"identifier": [NUMBER]}, (), (("urn:ris", "ACC-1"),), None),
        (task(valueReference=TO_STUDY), {"imagingStudy": [TO_STUDY]}, ("1.2.3",), (("urn:ris", "ACC-1"),), 2),
        (task(valueString="1.2.3"), {"identifier": [{"value": "no accession"}]}, (), (), None),
        (task(valueReference={"reference": "ImagingStudy/none"}), {}, (), (), None),
        (task(valueReference={"reference": "https://elsewhere.example/ImagingStudy/i1"}), {}, (), (), None),
    ],
)
def test_where_it_may_stand(
    asked: dict[str, Any], report: dict[str, Any], studies: Any, accessions: Any, expected: int | None
) -> None:
    assert said(asked, report) == Ordered(studies, accessions, PEOPLE, expected)


def test_two_studies_are_both_told() -> None:
    other = {**UID, "value": "urn:oid:9.9"}
    assert said(task(valueIdentifier=other), {"imagingStudy": [TO_STUDY]}).studies == ("1.2.3", "9.9")


def test_a_study_that_was_taken_back_says_nothing() -> None:
    store = STORE | {"ImagingStudy/i1": STUDY | {"status": "entered-in-error"}}
    assert said(task(valueReference=TO_STUDY), store=store) == Ordered((), (), PEOPLE)


@pytest.mark.parametrize(
    ("patient", "person"),
    [
        ({"birthDate": "2020-01-03"}, Person(frozenset(), "20200103")),
        ({"birthDate": "2020-01"}, Person()),
        (
            {"name": [{"family": "Müller-Lüdenscheid", "given": ["Ada", "B."]}, {"text": "Ada Smith"}]},
            Person(frozenset(("muller", "ludenscheid", "ada", "b", "smith"))),
        ),
    ],
)
def test_whom_it_is_about(patient: dict[str, Any], person: Person) -> None:
    assert ordered(task(), {}, {"resourceType": "Patient", **patient}, lambda *_: None).person == person
