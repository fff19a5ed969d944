from __future__ import annotations

import json
from typing import Any

import pytest

from server.caller import EVERYBODY
from server.errors import Category, Fault, fault
from server.fhir.access import Rights
from server.fhir.admission import Admission
from server.fhir.asked import Asked
from server.fhir.conditional import condition
from server.fhir.place import within
from server.fhir.plan import Plan, Planner
from server.fhir.subscriptions.addresses import Reachable
from server.fhir.subscriptions.enrolment import Enrolment
from server.fhir.veil import visible
from server.ports import Absent
from tests.fhir.query.asking import ALL
from tests.fhir.shelf import AT, NoNotices, NoSeals, Shelf
from tests.world import EHR, observation, report, task

BASE = "http://127.0.0.1:8080/fhir"
URN = "urn:uuid:6ec55b25-3fb8-4f2e-9f3c-2b0d6a2c9c11"
PERSON = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "x", "value": "1"}]}
OTHER = {"resourceType": "Patient", "id": "q", "identifier": [{"system": "x", "value": "2"}]}
TWIN = {"resourceType": "Patient", "id": "r", "identifier": [{"system": "x", "value": "2"}]}
ORDER = task("Patient/p", "DiagnosticReport/d", "T-1")


def shelf() -> Shelf:
    made = Shelf(PERSON, OTHER, TWIN, {"resourceType": "PractitionerRole", "id": "reader"})
    made.put({**report("Patient/p", "PractitionerRole/reader"), "id": "d"})
    made.put({**ORDER, "id": "t"})
    return made


def plan(*asked: Asked, on: Shelf | None = None) -> Plan:
    admission = Admission(frozenset({"bacterial-meningitis"}), ())
    enrolment = Enrolment(Rights(EVERYBODY, BASE), NoNotices(), Reachable())
    planner = Planner(on or shelf(), NoSeals(), admission, BASE, enrolment, visible)
    return planner.plan(asked, AT)


def refusal(*asked: Asked) -> tuple[str, str, str]:
    with pytest.raises(Fault) as caught:
        plan(*asked)
    [issue] = caught.value.issues
    return caught.value.category.name, issue.code, issue.path


def new_patient(value: str = "new", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": "x", "value": value}], **more}


def post(resource: dict[str, Any], sought: str = "", **more: Any) -> Asked:
    type_ = resource["resourceType"]
    return Asked("POST", type_, resource, wanted=condition(type_, sought, ALL) if sought else None, **more)


def put(resource: dict[str, Any], sought: str = "", **more: Any) -> Asked:
    type_ = resource["resourceType"]
    if sought:
        return Asked("PUT", type_, resource, wanted=condition(type_, sought, ALL), **more)
    return Asked("PUT", type_, resource, id=resource["id"], **more)


def test_a_create() -> None:
    made = plan(post(observation("Patient/p", "26464-8", "1")))
    [write], [answer] = made.writes, made.answers
    assert (write.type, write.version, write.patient) == ("Observation", 1, "Patient/p")
    assert (answer.status, answer.stored.id, answer.stored.body) == (201, write.id, write.body)
    assert (made.absent, made.openings) == ([], [])


def test_an_update_follows_what_is_there() -> None:
    made = plan(put({**PERSON, "gender": "other"}, if_match=1))
    assert [(each.id, each.version) for each in made.writes] == [("p", 2)]
    assert made.answers[0].status == 200


def test_an_update_of_nothing_creates_under_that_id() -> None:
    made = plan(put({**PERSON, "id": "fresh"}))
    assert [(each.id, each.version) for each in made.writes] == [("fresh", 1)]
    assert made.answers[0].status == 201


def test_a_conditional_create_that_finds_writes_nothing() -> None:
    made = plan(post(new_patient("1"), "identifier=x|1"))
    assert (made.writes, made.absent) == ([], [])
    assert [(each.status, each.stored.id) for each in made.answers] == [(200, "p")]


def test_a_conditional_create_that_finds_nothing_says_so_to_the_store() -> None:
    made = plan(post(new_patient(), "identifier=x|new"))
    assert len(made.writes) == 1
    assert made.absent == [Absent(condition("Patient", "identifier=x|new", ALL))]


def test_a_conditional_update_with_an_id() -> None:
    assert [each.id for each in plan(put(PERSON, "identifier=x|1")).writes] == ["p"]
    assert [each.id for each in plan(put(new_patient(id="mine"), "identifier=x|new")).writes] == ["mine"]


def test_an_order_opens_a_case_and_is_guarded_by_its_identifier() -> None:
    made = plan(post(task("Patient/p", "DiagnosticReport/d", "T-2")))
    assert [(each.patient, each.report) for each in made.openings] == [("Patient/p", "DiagnosticReport/d")]
    assert made.openings[0].task_id == made.writes[0].id
    assert made.absent == [Absent(condition("Task", f"identifier={EHR}|T-2", ALL))]


def test_an_order_sent_again_is_answered_with_what_it_has_become() -> None:
    on = shelf()
    on.put({**ORDER, "id": "t", "status": "accepted"})
    made = plan(post(dict(ORDER)), on=on)
    assert (made.writes, made.openings) == ([], [])
    assert [(each.status, each.stored.version) for each in made.answers] == [(200, 2)]


def test_names_within_a_bundle() -> None:
    made = plan(
        post(new_patient(), full_url=URN, path="Bundle.entry[0].resource"),
        post(observation(URN, "26464-8", "1"), full_url="urn:uuid:o", path="Bundle.entry[1].resource"),
    )
    patient, measured = made.writes
    assert json.loads(measured.body)["subject"] == {"reference": f"Patient/{patient.id}"}
    assert measured.patient == f"Patient/{patient.id}"


def test_a_name_of_an_entry_that_is_kept_leads_to_what_is_here() -> None:
    made = plan(post(new_patient("1"), "identifier=x|1", full_url=URN), post(observation(URN, "1", "1")))
    assert [each.patient for each in made.writes] == ["Patient/p"]


def test_a_plan_can_be_made_anew() -> None:
    """After a lost race the same requests are planned again; names must still be there to resolve."""
    on = shelf()
    asked = (post(new_patient(), "identifier=x|new", full_url=URN), post(observation(URN, "1", "1")))
    plan(*asked, on=on)
    on.put(new_patient(id="winner"))
    made = plan(*asked, on=on)
    assert [each.patient for each in made.writes] == ["Patient/winner"]


def test_our_own_address_is_a_relative_reference() -> None:
    made = plan(post(observation(f"{BASE}/Patient/p", "1", "1")))
    assert made.writes[0].patient == "Patient/p"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([post(new_patient("2"), "identifier=x|2")], ("STALE", "multiple-matches", "")),
        ([put(PERSON, if_match=2)], ("STALE", "conflict", "")),
        ([put({**PERSON, "id": "fresh"}, if_match=1)], ("STALE", "conflict", "")),
        ([put(PERSON, only_new=True)], ("STALE", "conflict", "")),
        ([put({**ORDER, "id": "t", "status": "cancelled"})], ("STALE", "conflict", "")),
        ([put(OTHER, "identifier=x|1")], ("INCORRECT", "invalid", "")),
        ([put(OTHER, "identifier=x|new")], ("CONFLICT", "duplicate", "")),
        ([post({**ORDER, "priority": "stat"})], ("CONFLICT", "duplicate", "Task.identifier")),
        ([put({**ORDER, "id": "mine"})], ("CONFLICT", "duplicate", "Task.identifier")),
        ([post(dict(ORDER), "identifier=x|9")], ("CONFLICT", "duplicate", "Task.identifier")),
        ([put(PERSON), put(PERSON, path="here")], ("INCORRECT", "duplicate", "here")),
        ([put(PERSON), put(PERSON, "identifier=1", path="here")], ("INCORRECT", "duplicate", "here")),
        (
            [post(new_patient(), "identifier=new"), post(new_patient(), "identifier=x|new", path="here")],
            ("INCORRECT", "duplicate", "here"),
        ),
        (
            [post(new_patient(), "identifier=new"), post(new_patient(), path="here")],
            ("INCORRECT", "duplicate", "here"),
        ),
        (
            [post(task("Patient/p", "DiagnosticReport/d", "T-9"), path=each) for each in ("there", "here")],
            ("INCORRECT", "duplicate", "here"),
        ),
        ([post(observation(URN, "1", "1"))], ("UNPROCESSABLE", "not-found", "Observation.subject")),
        (
            [post(observation("Patient/gone", "1", "1"), path="Bundle.entry[4].resource")],
            ("UNPROCESSABLE", "not-found", "Bundle.entry[4].resource.subject.reference"),
        ),
    ],
)
def test_refused(asked: list[Asked], expected: tuple[str, str, str]) -> None:
    assert refusal(*asked) == expected


@pytest.mark.parametrize(
    ("issue_path", "where", "told"),
    [
        ("Task.code", "Bundle.entry[3].resource", "Bundle.entry[3].resource.code"),
        ("Task", "Bundle.entry[3].resource", "Bundle.entry[3].resource"),
        ("", "Bundle.entry[3].resource", "Bundle.entry[3].resource"),
        ("Task.code", "", "Task.code"),
    ],
)
def test_where_in_a_bundle(issue_path: str, where: str, told: str) -> None:
    failure = fault(Category.CONFLICT, "duplicate", "said already", issue_path)
    assert within(failure, where).issues[0].path == told
