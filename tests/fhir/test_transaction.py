"""transaction: POST [base]; all or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.badinput.builders import bundle, entry
from tests.world import EHR, World, make_world, observation, patient, report, task

MRN = "https://ehr.example/patient"
PERSON = {"resourceType": "Patient", "birthDate": "1990-05-01", "identifier": [{"system": MRN, "value": "7"}]}
WHO, ROLE, SAID = (f"urn:uuid:0f2a3c1e-7d4b-4b57-9a55-3b8f0a6f7e0{number}" for number in range(3))


def whole_case() -> bytes:
    role = {"resourceType": "PractitionerRole", "active": True}
    return bundle(
        entry(task(WHO, SAID, "T-7"), "Task"),
        entry(report(WHO, ROLE), "DiagnosticReport", full_url=SAID),
        entry(observation(WHO, "26464-8", "1200"), "Observation"),
        entry(role, "PractitionerRole", full_url=ROLE),
        entry(PERSON, "Patient", full_url=WHO, ifNoneExist=f"identifier={MRN}|7"),
    )


def test_a_whole_case_in_any_order(world: World) -> None:
    answer = world.send("POST", "", whole_case())
    made = answer.json
    assert (answer.status_code, made["type"], len(made["entry"])) == (200, "transaction-response", 5)
    assert [each["response"]["status"] for each in made["entry"]] == ["201 Created"] * 5
    [found] = world.get(f"Task?identifier={EHR}|T-7")["entry"]
    who = found["resource"]["for"]["reference"]
    assert world.get(who)["identifier"][0]["value"] == "7"
    assert world.get(f"Observation?patient={who}")["total"] == 1
    assert made["entry"][0]["response"]["location"].endswith(f"/Task/{found['resource']['id']}/_history/1")


def test_the_whole_case_again_adds_evidence_but_no_second_case(world: World) -> None:
    first, again = (world.send("POST", "", whole_case()).json for _ in range(2))
    statuses = [each["response"]["status"] for each in again["entry"]]
    assert (statuses[0], statuses[4]) == ("200 OK", "200 OK")
    assert again["entry"][0]["response"]["location"] == first["entry"][0]["response"]["location"]
    assert sum(world.house.ledger.counts().values()) == 1
    assert world.get("Patient")["total"] == 1


def test_an_empty_transaction_is_answered(world: World) -> None:
    answer = world.send("POST", "", {"resourceType": "Bundle", "type": "transaction"})
    assert (answer.status_code, answer.json) == (
        200,
        {"resourceType": "Bundle", "type": "transaction-response"},
    )


def refused(world: World, body: bytes) -> tuple[int, str, str]:
    answer = world.send("POST", "", body)
    issue = answer.json["issue"][0]
    return answer.status_code, issue["code"], issue.get("expression", [""])[0]


GONE = {"resource": PERSON, "request": {"method": "PUT", "url": "Patient/x"}}


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (
            entry(observation("Patient/nobody", "1", "1"), "Observation"),
            (422, "not-found", ".resource.subject.reference"),
        ),
        (entry(PERSON, "Observation"), (400, "invalid", ".resource")),
        (entry(PERSON, "Patient/x"), (400, "value", ".resource")),
        (entry(PERSON, "Patient?identifier=1"), (400, "value", ".resource")),
        (entry(PERSON, "Patient/$validate"), (400, "value", ".request.url")),
        (entry(PERSON, "/Patient"), (400, "value", ".request.url")),
        (entry({"resourceType": "Device"}, "Device"), (405, "not-supported", ".resource")),
        (entry(PERSON, ifNoneExist="nickname=x"), (400, "not-supported", ".resource")),
        (entry(PERSON, ifNoneExist=""), (400, "value", ".request.ifNoneExist")),
        (GONE, (400, "invalid", ".resource")),
        ({"request": {"method": "DELETE", "url": "Patient/x"}}, (422, "not-supported", ".request.method")),
        ({"request": {"method": "GET", "url": "Patient"}}, (422, "not-supported", ".request.method")),
        (
            {
                "resource": {**PERSON, "id": "x"},
                "request": {"method": "PUT", "url": "Patient/x", "ifMatch": "1"},
            },
            (400, "invalid", ".resource"),
        ),
    ],
)
def test_one_bad_entry_refuses_all(world: World, bad: dict[str, Any], expected: tuple[int, str, str]) -> None:
    status, code, end = expected
    assert refused(world, bundle(entry(PERSON), bad, entry(PERSON))) == (
        status,
        code,
        f"Bundle.entry[1]{end}",
    )
    assert world.get("Patient")["total"] == 0


def test_updates_in_a_transaction(world: World) -> None:
    who = patient(world, number="7")
    id_ = who.partition("/")[2]
    update = {"resource": {**PERSON, "id": id_}, "request": {"method": "PUT", "url": who, "ifMatch": 'W/"1"'}}
    conditional = {"resource": PERSON, "request": {"method": "PUT", "url": f"Patient?identifier={MRN}|7"}}
    for body, version in ((update, "2"), (conditional, "3")):
        assert world.send("POST", "", bundle(body)).status_code == 200
        assert world.get(who)["meta"]["versionId"] == version
    assert refused(world, bundle(update)) == (412, "conflict", "Bundle.entry[0].resource")


@pytest.mark.parametrize("kind", ["batch", "searchset", "collection"])
def test_other_bundles(world: World, kind: str) -> None:
    status, _, _ = refused(world, json.dumps({"resourceType": "Bundle", "type": kind}).encode())
    assert status == 422


def test_what_is_no_bundle(world: World) -> None:
    assert refused(world, json.dumps(PERSON).encode()) == (400, "invalid", "")


def test_too_many_entries_are_told_before_they_are_looked_at(tmp_path: Path) -> None:
    for world in make_world(tmp_path / "d", max_entries=2):
        assert refused(world, bundle(*[{"resource": 1}] * 3)) == (413, "too-costly", "Bundle.entry")
        assert world.send("POST", "", bundle(entry(PERSON), entry(PERSON))).status_code == 200
