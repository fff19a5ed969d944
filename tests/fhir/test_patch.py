"""patch: what it makes is an update, under the same rules."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.world import SPECIALTY, VIRAL, World, answer_as, doctor, observation, patient, send_case

pytestmark = pytest.mark.both_databases

MRN = "https://ehr.example/patient"
JSON_PATCH = "application/json-patch+json"


def send(world: World, path: str, *operations: dict[str, Any], **headers: str) -> Any:
    return world.send("PATCH", path, list(operations), Content_Type=JSON_PATCH, **headers)


def op(op: str, path: str, value: Any = None) -> dict[str, Any]:
    return {"op": op, "path": path, **({} if op == "remove" else {"value": value})}


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["issue"][0]["code"]


def test_a_patch_makes_a_new_version(world: World) -> None:
    who = patient(world)
    answer = send(world, who, op("add", "/gender", "other"), op("test", "/birthDate", "1990-05-01"))
    assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"2"')
    assert answer.headers["Location"].endswith(f"{who}/_history/2")
    assert answer.json["gender"] == "other"
    assert world.get(who) == answer.json
    newest = world.get(f"{who}/_history")["entry"][0]
    assert newest["request"] == {"method": "PATCH", "url": who}


def test_by_fhirpath(world: World) -> None:
    who = patient(world)
    parts = [
        {"name": "type", "valueCode": "add"},
        {"name": "path", "valueString": "Patient"},
        {"name": "name", "valueString": "gender"},
        {"name": "value", "valueCode": "other"},
    ]
    told = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    answer = world.send("PATCH", who, told)
    assert (answer.status_code, answer.json["gender"]) == (200, "other")
    parts[1]["valueString"] = "Patient.name"
    missing = world.send("PATCH", who, told)
    assert refused(missing) == (422, "not-found")
    assert missing.json["issue"][0]["expression"] == ["Parameters.parameter[0]"]


@pytest.mark.parametrize(
    ("wish", "type_"),
    [("return=minimal", None), ("return=OperationOutcome", "OperationOutcome"), ("", "Patient")],
)
def test_what_the_client_prefers_to_read(world: World, wish: str, type_: str | None) -> None:
    answer = send(world, patient(world), op("add", "/gender", "other"), Prefer=wish)
    assert answer.status_code == 200
    assert (answer.json["resourceType"] if answer.data else None) == type_


def test_by_criteria(world: World) -> None:
    who = patient(world, number="7")
    change = op("add", "/gender", "other")
    assert send(world, f"Patient?identifier={MRN}|7", change).json["id"] == who.partition("/")[2]
    assert refused(send(world, f"Patient?identifier={MRN}|8", change)) == (404, "not-found")
    assert refused(send(world, "Patient?_count=1", change)) == (400, "required")
    assert refused(send(world, "Patient?nickname=x", change)) == (400, "not-supported")
    patient(world, number="7")
    assert refused(send(world, f"Patient?identifier={MRN}|7", change)) == (412, "multiple-matches")


def test_what_is_not_here_or_not_any_more(world: World) -> None:
    assert refused(send(world, "Patient/nobody", op("add", "/gender", "other"))) == (404, "not-found")
    who = patient(world)
    world.send("DELETE", who)
    assert refused(send(world, who, op("add", "/gender", "other"))) == (410, "deleted")


@pytest.mark.parametrize(
    ("operation", "status", "code"),
    [
        (op("test", "/birthDate", "1990-05-02"), 422, "processing"),
        (op("replace", "/id", "other"), 403, "forbidden"),
        (op("remove", "/id"), 403, "forbidden"),
        (op("replace", "/meta/versionId", "9"), 403, "forbidden"),
        (op("replace", "/meta/lastUpdated", "2026-01-01T00:00:00Z"), 403, "forbidden"),
        (op("remove", "/meta"), 403, "forbidden"),
        (op("replace", "/meta", "x"), 403, "forbidden"),
        (op("replace", "/resourceType", "Task"), 403, "forbidden"),
        (op("replace", "", {"resourceType": "Patient"}), 403, "forbidden"),
        (op("remove", ""), 422, "structure"),
        (op("replace", "/gender", "robot"), 422, "processing"),
        (op("add", "/gender", "robot"), 422, "code-invalid"),
        (op("add", "/nickname", "x"), 422, "structure"),
        (op("add", "/gender", None), 400, "structure"),
        (op("add", "/gender", ""), 400, "value"),
        (op("add", "/name", []), 400, "value"),
        (op("add", "/birthDate", 1990), 400, "structure"),
    ],
)
def test_what_a_patch_may_not_make(world: World, operation: dict[str, Any], status: int, code: str) -> None:
    """F-080."""
    who = patient(world)
    assert refused(send(world, who, operation)) == (status, code)
    assert world.get(who)["meta"]["versionId"] == "1"


@pytest.mark.parametrize(
    ("body", "media_type", "status", "code"),
    [
        (b"[{]", JSON_PATCH, 400, "structure"),
        (b"{}", JSON_PATCH, 400, "structure"),
        (b"[]", "application/json", 400, "structure"),
        (b"<diff/>", "application/xml-patch+xml", 415, "not-supported"),
        (b'{"resourceType":"Patient"}', "application/fhir+json", 400, "invalid"),
        (b'{"resourceType":"Parameters"}', "application/fhir+json", 400, "required"),
    ],
)
def test_what_is_no_patch(world: World, body: bytes, media_type: str, status: int, code: str) -> None:
    answer = world.send("PATCH", patient(world), body, Content_Type=media_type)
    assert refused(answer) == (status, code)


def test_a_patch_that_changes_nothing_makes_no_version(world: World) -> None:
    """There is nothing to tell of, and nobody's case is stirred."""
    who = patient(world)
    for operations in ([], [op("replace", "/birthDate", "1990-05-01")], [op("test", "/id", who[8:])]):
        answer = send(world, who, *operations)
        assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"1"')
    assert len(world.get(f"{who}/_history")["entry"]) == 1


def test_a_digit_more_is_a_change(world: World) -> None:
    made = world.post(observation(patient(world), "26464-8", "1"))
    path = f"Observation/{made['id']}"
    answer = world.send(
        "PATCH",
        path,
        b'[{"op":"replace","path":"/valueQuantity/value","value":1.00}]',
        Content_Type=JSON_PATCH,
    )
    assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"2"')
    assert b'"value":1.00' in answer.data


# -- the rules of an update hold --------------------------------------------------------------


def test_a_version_is_demanded_where_an_update_demands_it(world: World) -> None:
    sent = send_case(world)
    cancel = op("replace", "/status", "cancelled")
    path = f"Task/{sent.task_id}"
    assert refused(send(world, path, cancel)) == (412, "conflict")
    assert refused(send(world, path, cancel, If_Match='W/"7"')) == (412, "conflict")
    assert refused(send(world, path, cancel, If_Match="1")) == (400, "invalid")
    assert send(world, path, cancel, If_Match='W/"1"').status_code == 200
    world.run()
    assert world.state(sent.task_id) == "withdrawn"


def test_a_task_moves_as_the_table_says(world: World) -> None:
    sent = send_case(world)
    path = f"Task/{sent.task_id}"
    done = send(world, path, op("replace", "/status", "completed"), If_Match='W/"1"')
    assert refused(done) == (422, "business-rule")
    other = send(world, path, op("replace", "/status", "cancelled"), op("add", "/priority", "stat"),
                 If_Match='W/"1"')  # fmt: skip
    assert refused(other) == (422, "business-rule")


def test_a_specialist_may_answer_by_patch(world: World) -> None:
    role = doctor(world, "Farah", "Other House", SPECIALTY)
    send_case(world)
    world.run()
    [offered] = world.get(f"Task?owner={role}&status=requested")["entry"]
    path, version = f"Task/{offered['resource']['id']}", offered["resource"]["meta"]["versionId"]
    answer = send(world, path, op("replace", "/status", "accepted"), If_Match=f'W/"{version}"')
    assert answer.status_code == 200
    world.run()
    assert world.get(path)["status"] == "accepted"


@pytest.mark.parametrize(
    ("operation", "status", "code"),
    [
        (op("replace", "/subject/reference", "Patient/nobody"), 422, "business-rule"),
        (op("add", "/encounter", {"reference": "Encounter/1"}), 422, "not-found"),
        (op("add", "/focus", [{"reference": "Patient/nobody"}]), 422, "not-found"),
        (op("replace", "/effectiveDateTime", "2999-01-01T00:00:00Z"), 422, "value"),
        (op("remove", "/meta/security"), 403, "forbidden"),
    ],
)
def test_rules(world: World, operation: dict[str, Any], status: int, code: str) -> None:
    """F-040, F-121 among them."""
    label = {"security": [{"system": "urn:s", "code": "R"}]}
    made = world.post(observation(patient(world), "26464-8", "1", meta=label))
    assert refused(send(world, f"Observation/{made['id']}", operation)) == (status, code)


def test_what_is_ours_is_not_patched(world: World) -> None:
    role = doctor(world, "Farah", "Other House", SPECIALTY)
    send_case(world)
    world.run()
    answer_as(world, role, VIRAL)
    world.run()
    reports = [each["resource"] for each in world.get("DiagnosticReport")["entry"]]
    [ours] = [each for each in reports if each["status"] == "partial"]
    answer = send(world, f"DiagnosticReport/{ours['id']}", op("replace", "/status", "final"),
                  If_Match='W/"1"')  # fmt: skip
    assert refused(answer) == (403, "forbidden")


# -- narrative ---------------------------------------------------------------------------------

_DIV = '<div xmlns="http://www.w3.org/1999/xhtml">born 1990</div>'


def narrated(world: World, status: str) -> str:
    person = {"resourceType": "Patient", "birthDate": "1990-05-01", "text": {"status": status, "div": _DIV}}
    return f"Patient/{world.post(person)['id']}"


def test_a_generated_narrative_does_not_outlive_what_it_says(world: World) -> None:
    who = narrated(world, "generated")
    assert "text" not in send(world, who, op("replace", "/birthDate", "1991-05-01")).json


def test_a_narrative_that_is_patched_too_stays(world: World) -> None:
    who = narrated(world, "generated")
    mended = _DIV.replace("1990", "1991")
    answer = send(world, who, op("replace", "/birthDate", "1991-05-01"), op("replace", "/text/div", mended))
    assert answer.json["text"]["div"] == mended


def test_a_tag_says_nothing_of_the_data(world: World) -> None:
    who = narrated(world, "generated")
    tag = [{"system": "urn:s", "code": "x"}]
    assert send(world, who, op("add", "/meta/tag", tag)).json["text"]["div"] == _DIV


def test_an_authors_own_words_are_theirs_to_mend(world: World) -> None:
    who = narrated(world, "additional")
    answer = send(world, who, op("replace", "/birthDate", "1991-05-01"))
    assert refused(answer) == (422, "business-rule")
    assert answer.json["issue"][0]["expression"] == ["Patient.text"]


# -- the veil ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation",
    [
        op("replace", "/status", "amended"),
        op("test", "/conclusionCode/0/coding/0/code", "x"),
        op("remove", "/x"),
    ],
)
def test_a_first_opinion_is_not_asked_by_patch(world: World, operation: dict[str, Any]) -> None:
    """A patch that applies, or does not, tells what it was made from."""
    sent = send_case(world)
    path = f"DiagnosticReport/{sent.report['id']}"
    answers = [send(world, path, operation, If_Match=f'W/"{v}"') for v in (1, 2)]
    answers.append(send(world, f"DiagnosticReport?_id={sent.report['id']}", operation))
    assert {refused(each) for each in answers} == {(403, "suppressed")}
    assert "PUT" in answers[0].json["issue"][0]["diagnostics"]


# -- races -------------------------------------------------------------------------------------


def test_of_many_patches_at_once_none_is_lost(world: World) -> None:
    who = patient(world)
    send(world, who, op("add", "/name", [{"family": "first"}]))

    def one(number: int) -> int:
        added = op("add", "/name/-", {"family": f"n{number}"})
        client = world.client.application.test_client()
        answer = client.patch(f"/fhir/{who}", data=json.dumps([added]), content_type=JSON_PATCH)
        return int(answer.status_code)

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(one, range(12)))
    assert set(statuses) <= {200, 429}
    names = {each["family"] for each in world.get(who)["name"]}
    assert names == {"first"} | {f"n{n}" for n, status in enumerate(statuses) if status == 200}
    assert statuses.count(200) >= 8


def test_a_patch_in_an_entry_is_a_binary(world: World) -> None:
    who = patient(world)
    document = json.dumps([op("add", "/gender", "other")]).encode()
    binary = {
        "resourceType": "Binary",
        "contentType": JSON_PATCH,
        "data": base64.b64encode(document).decode(),
    }
    entry = {"resource": binary, "request": {"method": "PATCH", "url": who}}
    for kind in ("transaction", "batch"):
        answer = world.send("POST", "", {"resourceType": "Bundle", "type": kind, "entry": [entry]})
        assert answer.json["entry"][0]["response"]["status"] == "200 OK", answer.text
    assert world.get(who)["gender"] == "other"
    assert world.get(who)["meta"]["versionId"] == "2"
