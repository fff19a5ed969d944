"""batch: POST [base]; each entry is a request of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from server.store.tables import arrival, resource_version
from tests.world import World, make_world, observation, patient, report, send_case

pytestmark = pytest.mark.both_databases

MRN = "https://ehr.example/patient"
URN = "urn:uuid:6ec55b25-3fb8-4f2e-9f3c-2b0d6a2c9c11"
PERSON = {"resourceType": "Patient", "birthDate": "1990-05-01", "identifier": [{"system": MRN, "value": "7"}]}


def asks(method: str, url: str, resource: Any = None, full_url: str = "", **wish: str) -> dict[str, Any]:
    return {
        **({"fullUrl": full_url} if full_url else {}),
        **({"resource": resource} if resource is not None else {}),
        "request": {"method": method, "url": url, **wish},
    }


def batch(world: World, *entries: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    entry = {"entry": [*entries]} if entries else {}
    told = world.send("POST", "", {"resourceType": "Bundle", "type": "batch", **entry}, **headers)
    assert told.status_code == 200, told.text
    assert told.json["type"] == "batch-response"
    return list(told.json.get("entry", []))


def statuses(told: list[dict[str, Any]]) -> list[str]:
    return [each["response"]["status"] for each in told]


def issue(entry: dict[str, Any]) -> tuple[str, list[str]]:
    first = entry["response"]["outcome"]["issue"][0]
    return first["code"], first.get("expression", [])


def test_every_method(world: World) -> None:
    who, gone = patient(world, number="1"), patient(world, number="2")
    told = batch(
        world,
        asks("POST", "Patient", PERSON),
        asks("PUT", who, {**PERSON, "id": who[8:], "gender": "other"}),
        asks("DELETE", gone),
        asks("GET", who),
        asks("HEAD", who),
        asks("GET", f"Patient?identifier={MRN}|7"),
        asks("GET", f"{who}/_history"),
        asks("GET", f"{who}/_history/1"),
        asks("GET", "Patient/_history?_count=1"),
        asks("GET", "metadata"),
    )
    assert statuses(told) == ["201 Created", "200 OK", "204 No Content", *["200 OK"] * 7]
    made = told[0]["response"]
    assert (made["etag"], made["lastModified"]) == ('W/"1"', "2026-01-05T09:00:00.000Z")
    assert "/Patient/" in made["location"]
    assert told[2]["response"]["etag"] == 'W/"2"'
    assert [each.get("resource", {}).get("resourceType") for each in told] == [
        None, None, None, "Patient", None, "Bundle", "Bundle", "Patient", "Bundle", "CapabilityStatement",
    ]  # fmt: skip
    assert told[4]["response"]["etag"] == told[3]["response"]["etag"] == 'W/"2"'


def test_one_bad_entry_is_told_and_the_others_are_done(world: World) -> None:
    """F-107."""
    told = batch(
        world,
        asks("POST", "Patient", PERSON),
        asks("POST", "Patient", {**PERSON, "gender": "robot"}),
        asks("GET", "Patient/nobody"),
        asks("DELETE", "AuditEvent/x"),
        asks("POST", "Observation", observation("Patient/nobody", "1", "1")),
        asks("PUT", "Patient/x", PERSON),
        asks("PUT", "Patient/x"),
        asks("POST", "Patient", {"resourceType": "Banana"}),
        asks("POST", "Banana", PERSON),
        asks("POST", "Patient/x", PERSON),
        asks("GET", "Patient/a/b/c"),
        asks("POST", "Patient", PERSON),
    )
    assert [each[:3] for each in statuses(told)] == [
        "201", "422", "404", "405", "422", "400", "422", "400", "404", "405", "404", "201",
    ]  # fmt: skip
    assert issue(told[1]) == ("code-invalid", ["Bundle.entry[1].resource.gender"])
    assert issue(told[4]) == ("not-found", ["Bundle.entry[4].resource.subject.reference"])
    assert world.get("Patient")["total"] == 2


def test_what_was_deleted_is_told_as_gone(world: World) -> None:
    who = patient(world)
    world.send("DELETE", who)
    [told] = batch(world, asks("GET", who))
    assert (told["response"]["status"], told["response"]["etag"]) == ("410 Gone", 'W/"2"')
    assert issue(told)[0] == "deleted"


def test_conditions(world: World) -> None:
    who = patient(world, number="7")
    told = batch(
        world,
        asks("POST", "Patient", PERSON, ifNoneExist=f"identifier={MRN}|7"),
        asks("PUT", who, {**PERSON, "id": who[8:]}, ifMatch='W/"9"'),
        asks("PUT", who, {**PERSON, "id": who[8:]}, ifNoneMatch="*"),
        asks("GET", who, ifNoneMatch='W/"1"'),
        asks("GET", who, ifModifiedSince="2026-01-05T09:00:00Z"),
        asks("GET", who, ifModifiedSince="2026-01-05T08:00:00Z"),
        asks("PUT", f"Patient?identifier={MRN}|7", {**PERSON, "gender": "other"}),
        asks("DELETE", f"Patient?identifier={MRN}|8"),
    )
    assert [each[:3] for each in statuses(told)] == ["200", "412", "412", "304", "304", "200", "200", "204"]
    assert world.get(who)["gender"] == "other"


def test_entries_know_nothing_of_one_another(world: World) -> None:
    """R4: a reference from one entry of a batch to another is no reference."""
    told = batch(
        world,
        asks("POST", "Patient", PERSON, URN),
        asks("POST", "Observation", observation(URN, "26464-8", "1")),
        asks("POST", "Observation", observation(f"Patient?identifier={MRN}|7", "26464-8", "1")),
    )
    assert [each[:3] for each in statuses(told)] == ["201", "422", "422"]
    assert issue(told[1])[0] == "not-found"
    assert issue(told[2])[0] == "not-supported"


@pytest.mark.parametrize(
    ("wish", "resource", "outcome"),
    [("", False, False), ("return=minimal", False, False), ("return=representation", True, False),
     ("return=OperationOutcome", False, True)],
)  # fmt: skip
def test_what_the_client_prefers_to_read(world: World, wish: str, resource: bool, outcome: bool) -> None:
    who = patient(world)
    told = batch(world, asks("POST", "Patient", PERSON), asks("DELETE", who), Prefer=wish)
    assert ("resource" in told[0], "outcome" in told[0]["response"]) == (resource, outcome)
    assert ("resource" in told[1], "outcome" in told[1]["response"]) == (False, outcome)


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (asks("POST", "Patient/$validate", PERSON), "not-supported"),
        (asks("GET", "Patient/1/$everything"), "not-supported"),
        (asks("GET", "Patient/_search"), "not-supported"),
        (asks("DELETE", "?_type=Patient"), "not-supported"),
        (asks("POST", "Bundle", {"resourceType": "Bundle", "type": "batch"}), "not-supported"),
    ],
)
def test_what_is_no_entry(world: World, entry: dict[str, Any], code: str) -> None:
    """F-112."""
    [told] = batch(world, entry)
    assert told["response"]["status"] == "400 Bad Request"
    assert issue(told)[0] == code


@pytest.mark.parametrize(
    "entry",
    [
        asks("GET", "https://evil.example/Patient"),
        asks("GET", "//evil/Patient"),
        asks("GET", "Patient/../Task"),
        {"resource": PERSON},
        asks("YELL", "Patient"),
    ],
)
def test_an_envelope_that_is_none_is_refused_whole(world: World, entry: dict[str, Any]) -> None:
    """F-111, F-114: nothing can be said of the entries of what is no batch."""
    body = {"resourceType": "Bundle", "type": "batch", "entry": [asks("POST", "Patient", PERSON), entry]}
    assert world.send("POST", "", body).status_code in (400, 422)
    assert world.get("Patient")["total"] == 0


def test_an_order_in_a_batch_opens_its_case(world: World) -> None:
    sent = send_case(world)
    asked = {k: v for k, v in sent.task.items() if k not in ("id", "meta", "lastModified")}
    again = world.post(report(sent.patient, sent.role))
    other = {
        **asked,
        "focus": {"reference": f"DiagnosticReport/{again['id']}"},
        "identifier": [{"system": "https://ehr.example/task", "value": "T-9"}],
    }
    told = batch(world, asks("POST", "Task", asked), asks("POST", "Task", other),
                 asks("POST", "Task", {**other, "priority": "stat"}))  # fmt: skip
    assert [each[:3] for each in statuses(told)] == ["200", "201", "409"]
    assert sum(world.house.ledger.counts().values()) == 2


def test_the_bytes_of_a_batch_are_kept_once(world: World) -> None:
    told = batch(world, asks("POST", "Patient", {**PERSON, "gender": "robot"}), asks("GET", "Patient"),
                 asks("POST", "Patient", PERSON), asks("POST", "Patient", PERSON))  # fmt: skip
    assert [each[:3] for each in statuses(told)] == ["422", "200", "201", "201"]
    rows = world.house.database.read(lambda c: c.execute(select(arrival)).all())
    assert [(row.interaction, json.loads(row.body)["type"]) for row in rows] == [("batch", "batch")]
    named = select(func.count()).where(resource_version.c.arrival_id == rows[0].id)
    assert world.house.database.read(lambda c: c.execute(named).scalar_one()) == 2


def test_a_batch_that_writes_nothing_leaves_nothing(world: World) -> None:
    assert batch(world) == []
    batch(world, asks("GET", "Patient"), asks("POST", "Patient", {**PERSON, "gender": "robot"}))
    count = select(func.count()).select_from(arrival)
    assert world.house.database.read(lambda c: c.execute(count).scalar_one()) == 0


def test_answers_are_bounded_together(tmp_path: Path) -> None:
    for world in make_world(tmp_path / "d", max_body=20_000):
        large = {**PERSON, "name": [{"text": "x" * 6_000}]}
        who = f"Patient/{world.post(large)['id']}"
        told = batch(world, *[asks("GET", who)] * 4, asks("POST", "Patient", PERSON))
        assert [each[:3] for each in statuses(told)] == ["200", "200", "200", "413", "201"]
        assert issue(told[3])[0] == "too-costly"


def test_nothing_under_seal_is_read_by_a_batch(world: World) -> None:
    sent = send_case(world)
    place = f"DiagnosticReport/{sent.report['id']}"
    told = batch(
        world,
        asks("GET", place),
        asks("HEAD", place),
        asks("GET", f"{place}/_history"),
        asks("GET", "DiagnosticReport"),
        asks("GET", "DiagnosticReport/_history"),
        asks("GET", "_history"),
        asks("GET", place, ifNoneMatch='W/"1"'),
    )
    assert [each[:3] for each in statuses(told)] == ["403", "403", "403", "200", "200", "200", "403"]
    assert "58170007" not in json.dumps(told), "the code of the first opinion"


@pytest.mark.parametrize("name", ["method", "url"])
def test_an_extension_asks_for_nothing(world: World, name: str) -> None:
    """R4 element.html lets one stand for a value; found by mutation."""
    entry = asks("POST", "Patient", PERSON)
    del entry["request"][name]
    entry["request"][f"_{name}"] = {"extension": [{"url": "https://ehr.example/x", "valueCode": "POST"}]}
    answer = world.send("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})
    assert answer.status_code == 200
    issue = answer.json["entry"][0]["response"]["outcome"]["issue"][0]
    assert (issue["code"], issue["expression"]) == ("required", [f"Bundle.entry[0].request.{name}"])
    assert world.get("Patient")["total"] == 0
