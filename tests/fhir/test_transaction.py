"""transaction: POST [base]; all or nothing."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.badinput.builders import bundle, entry
from tests.world import EHR, WATCHED, World, make_world, observation, patient, report, send_case, task

pytestmark = pytest.mark.both_databases

MRN = "https://ehr.example/patient"
PERSON = {"resourceType": "Patient", "birthDate": "1990-05-01", "identifier": [{"system": MRN, "value": "7"}]}
WHO, ROLE, SAID = (f"urn:uuid:0f2a3c1e-7d4b-4b57-9a55-3b8f0a6f7e0{number}" for number in range(3))


ELSEWHERE = "https://ehr.example/fhir"


def asks(method: str, url: str, resource: Any = None, full_url: str = "", **wish: str) -> dict[str, Any]:
    return {
        **({"fullUrl": full_url} if full_url else {}),
        **({"resource": resource} if resource is not None else {}),
        "request": {"method": method, "url": url, **wish},
    }


def binary(document: str) -> dict[str, Any]:
    data = base64.b64encode(document.encode()).decode()
    return {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}


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
        (entry(WATCHED, "AuditEvent"), (405, "not-supported", ".resource")),
        (entry(PERSON, ifNoneExist="nickname=x"), (400, "not-supported", ".resource")),
        (entry(PERSON, ifNoneExist=""), (400, "value", ".request.ifNoneExist")),
        (GONE, (400, "invalid", ".resource")),
        ({"request": {"method": "DELETE", "url": "Patient"}}, (400, "value", ".request")),
        ({"request": {"method": "DELETE", "url": "AuditEvent/x"}}, (405, "not-supported", ".request")),
        ({"request": {"method": "DELETE", "url": "Patient?_count=1"}}, (400, "required", ".request")),
        ({"request": {"method": "GET", "url": "Patient/x"}}, (404, "not-found", ".request")),
        (
            {"request": {"method": "GET", "url": "Patient?identifier:exact=x"}},
            (400, "not-supported", ".request"),
        ),
        ({"request": {"method": "GET", "url": "Patient/$validate"}}, (400, "not-supported", ".request.url")),
        ({"request": {"method": "PATCH", "url": "Patient/x"}}, (422, "required", ".resource")),
        ({"request": {"method": "POST", "url": "Patient"}}, (422, "required", ".resource")),
        (asks("PATCH", "Patient/x", PERSON), (422, "not-supported", ".resource")),
        (asks("PATCH", "Patient/x", binary("[]")), (404, "not-found", ".resource")),
        (asks("PATCH", "Patient/x", binary("{}")), (400, "structure", ".resource")),
        (
            asks("PATCH", "Patient/x", {**binary("[]"), "contentType": "text/plain"}),
            (415, "not-supported", ".resource.contentType"),
        ),
        (asks("PUT", "Patient", PERSON), (400, "value", ".resource")),
        (
            {**asks("PUT", "Patient/x", {**PERSON, "id": "x"}), "fullUrl": f"{ELSEWHERE}/Patient/y"},
            (422, "value", ".fullUrl"),
        ),
        (
            entry(observation(f"Patient?identifier={MRN}|8", "1", "1"), "Observation"),
            (412, "not-found", ".resource.subject.reference"),
        ),
        (
            entry(observation("Patient?nickname=x", "1", "1"), "Observation"),
            (400, "not-supported", ".resource"),
        ),
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


# -- all methods together ----------------------------------------------------------------------


def done(world: World, *entries: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    answer = world.send("POST", "", bundle(*entries), **headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json["entry"])


def statuses(told: list[dict[str, Any]]) -> list[str]:
    return [each["response"]["status"] for each in told]


def test_every_method_and_answers_in_the_order_of_the_questions(world: World) -> None:
    who, gone = patient(world, number="1"), patient(world, number="2")
    patched = world.post(observation(who, "26464-8", "1"))
    told = done(
        world,
        asks("GET", f"Patient?identifier={MRN}|7"),
        asks(
            "PATCH",
            f"Observation/{patched['id']}",
            binary('[{"op":"replace","path":"/status","value":"amended"}]'),
        ),
        asks("GET", who),
        asks("HEAD", who),
        asks("PUT", who, {"resourceType": "Patient", "id": who[8:], "gender": "other"}, ifMatch='W/"1"'),
        asks("POST", "Patient", PERSON),
        asks("DELETE", gone),
        asks("GET", f"{who}/_history"),
    )
    assert statuses(told) == [
        "200 OK", "200 OK", "200 OK", "200 OK", "200 OK", "201 Created", "204 No Content", "200 OK",
    ]  # fmt: skip
    assert told[0]["resource"]["total"] == 1, "what the transaction made is found by it"
    assert told[1]["response"]["etag"] == 'W/"2"'
    assert (told[2]["resource"]["gender"], told[2]["response"]["etag"]) == ("other", 'W/"2"')
    assert ("resource" in told[3], told[3]["response"]["etag"]) == (False, 'W/"2"')
    assert told[6]["response"]["etag"] == 'W/"2"'
    assert len(told[7]["resource"]["entry"]) == 2
    assert world.send("GET", gone).status_code == 410


def test_one_arrival_and_one_moment(world: World) -> None:
    told = done(world, asks("POST", "Patient", PERSON), asks("POST", "Patient", PERSON))
    assert len({each["response"]["lastModified"] for each in told}) == 1


def test_what_is_deleted_is_gone_for_the_rest(world: World) -> None:
    """R4 http.html#trules: deletions come first, wherever they stand."""
    who = patient(world, number="7")
    told = done(
        world,
        asks("POST", "Patient", PERSON, ifNoneExist=f"identifier={MRN}|7"),
        asks("DELETE", f"Patient?identifier={MRN}|7"),
    )
    assert statuses(told) == ["201 Created", "204 No Content"]
    assert world.send("GET", who).status_code == 410
    assert world.get(f"Patient?identifier={MRN}|7")["total"] == 1


def test_things_that_hold_one_another_go_together(world: World) -> None:
    who = patient(world)
    held = f"Observation/{world.post(observation(who, '26464-8', '1'))['id']}"
    kept = world.post(observation(who, "26464-8", "2"))
    refusal = refused(world, bundle(asks("DELETE", who), asks("DELETE", held)))
    assert refusal == (409, "conflict", "Bundle.entry[0].request")
    assert world.send("GET", held).status_code == 200, "nothing of it was done"
    told = done(world, asks("DELETE", who), asks("DELETE", held), asks("DELETE", f"Observation/{kept['id']}"))
    assert statuses(told) == ["204 No Content"] * 3


@pytest.mark.parametrize("number", [0, 1])
def test_nobody_refers_to_what_the_same_transaction_deletes(world: World, number: int) -> None:
    who = patient(world)
    held = world.post(observation(who, "26464-8", "1"))
    stays = [
        asks("POST", "Observation", observation(who, "26464-8", "2")),
        asks("PUT", f"Observation/{held['id']}", {**held, "status": "amended"}),
    ][number]
    others = [asks("DELETE", f"Observation/{held['id']}")] if number == 0 else []
    status, code, _ = refused(world, bundle(asks("DELETE", who), stays, *others))
    assert (status, code) == (422, "not-found")
    assert world.send("GET", who).status_code == 200


def test_what_is_read_must_be_there(world: World) -> None:
    who = patient(world)
    gone = bundle(asks("POST", "Patient", PERSON), asks("DELETE", who), asks("GET", who))
    assert refused(world, gone) == (410, "deleted", "Bundle.entry[2].request.url")
    assert world.send("GET", who).status_code == 200
    told = done(world, asks("PUT", "Patient/new", {**PERSON, "id": "new"}), asks("GET", "Patient/new"))
    assert told[1]["resource"]["id"] == "new"
    world.send("DELETE", who)
    assert refused(world, bundle(asks("GET", who)))[:2] == (410, "deleted")


def test_reading_on_conditions(world: World) -> None:
    who = patient(world)
    told = done(
        world,
        asks("GET", who, ifNoneMatch='W/"1"'),
        asks("GET", who, ifModifiedSince="2026-01-05T09:00:00Z"),
        asks("GET", who, ifModifiedSince="2026-01-05T08:00:00Z"),
    )
    assert statuses(told) == ["304 Not Modified", "304 Not Modified", "200 OK"]


@pytest.mark.parametrize(
    ("wish", "shown", "outcome"),
    [("handling=strict", False, False), ("return=representation", True, False),
     ("return=OperationOutcome", False, True)],
)  # fmt: skip
def test_what_the_client_prefers_to_read(world: World, wish: str, shown: bool, outcome: bool) -> None:
    [told] = done(world, asks("POST", "Patient", PERSON), Prefer=wish)
    assert ("resource" in told, "outcome" in told["response"]) == (shown, outcome)


def test_one_resource_is_touched_once(world: World) -> None:
    """F-108."""
    who = patient(world, number="7")
    put = asks("PUT", who, {**PERSON, "id": who[8:]})
    change = binary('[{"op":"add","path":"/gender","value":"other"}]')
    for other in (
        asks("DELETE", who),
        asks("DELETE", f"Patient?identifier={MRN}|7"),
        asks("PATCH", who, change),
        asks("PATCH", f"Patient?identifier={MRN}|7", change),
        put,
    ):
        assert refused(world, bundle(put, other))[:2] == (400, "duplicate")
    assert world.get(who)["meta"]["versionId"] == "1"


def test_conditional_references(world: World) -> None:
    who = patient(world, number="7")
    measured = observation(f"Patient?identifier={MRN}|7", "26464-8", "1")
    done(world, asks("POST", "Observation", measured))
    assert world.get(f"Observation?patient={who}")["total"] == 1
    patient(world, number="7")
    assert refused(world, bundle(asks("POST", "Observation", measured))) == (
        412, "multiple-matches", "Bundle.entry[0].resource.subject.reference",
    )  # fmt: skip


def test_a_conditional_reference_may_mean_what_the_transaction_makes(world: World) -> None:
    """R4 http.html#trules: they are resolved when everything else is done."""
    measured = observation(f"Patient?identifier={MRN}|7", "26464-8", "1")
    done(world, asks("POST", "Observation", measured), asks("POST", "Patient", PERSON))
    [made] = world.get(f"Patient?identifier={MRN}|7")["entry"]
    assert world.get(f"Observation?patient=Patient/{made['resource']['id']}")["total"] == 1
    away = asks("DELETE", f"Observation?patient={made['resource']['id']}")
    status, code, _ = refused(
        world,
        bundle(
            away, asks("DELETE", f"Patient/{made['resource']['id']}"), asks("POST", "Observation", measured)
        ),
    )
    assert (status, code) == (412, "not-found")


def test_the_names_of_another_server(world: World) -> None:
    """R4 bundle.html#references: relative to the server that the entry is of."""
    told = done(
        world,
        asks("POST", "Patient", {**PERSON, "id": "1"}, f"{ELSEWHERE}/Patient/1"),
        asks("POST", "Observation", observation("Patient/1", "26464-8", "1"), f"{ELSEWHERE}/Observation/2"),
        asks("POST", "Observation", observation(f"{ELSEWHERE}/Patient/1", "26464-8", "1")),
    )
    who = told[0]["response"]["location"].split("/fhir/")[1].partition("/_history")[0]
    assert world.get(f"Observation?patient={who}")["total"] == 2


def test_a_patch_may_name_what_the_transaction_makes(world: World) -> None:
    held = world.post(observation(patient(world), "26464-8", "1"))
    document = json.dumps([{"op": "add", "path": "/performer", "value": [{"reference": WHO}]}])
    done(
        world,
        asks("POST", "Practitioner", {"resourceType": "Practitioner"}, WHO),
        asks("PATCH", f"Observation/{held['id']}", binary(document)),
    )
    [performer] = world.get(f"Observation/{held['id']}")["performer"]
    assert world.get(performer["reference"])["resourceType"] == "Practitioner"


def test_an_order_that_cannot_be_undoes_everything(world: World) -> None:
    """Admission holds in a transaction as it does outside."""
    who = patient(world, number="1")
    good = whole_case()
    told = json.loads(good)
    told["entry"][0]["resource"]["status"] = "accepted"
    body = json.dumps({**told, "entry": [*told["entry"], asks("DELETE", who)]}).encode()
    assert refused(world, body)[:2] == (422, "business-rule")
    assert world.send("GET", who).status_code == 200
    assert world.get("Observation")["total"] == 0
    assert world.house.ledger.counts() == {}


def test_nothing_under_seal_is_read_by_a_transaction(world: World) -> None:
    sent = send_case(world)
    place = f"DiagnosticReport/{sent.report['id']}"
    for read in (asks("GET", place), asks("HEAD", place), asks("GET", f"{place}/_history")):
        assert refused(world, bundle(asks("POST", "Patient", PERSON), read))[:2] == (403, "suppressed")
    patch = asks("PATCH", place, binary('[{"op":"test","path":"/status","value":"final"}]'), ifMatch='W/"1"')
    assert refused(world, bundle(patch))[:2] == (403, "suppressed")
    same = {k: v for k, v in sent.report.items() if k not in ("id", "meta")}
    again = {**same, "identifier": [{"system": "urn:r", "value": "1"}]}
    assert world.send("PUT", place, {**again, "id": sent.report["id"]}, If_Match='W/"1"').status_code == 200
    kept = asks("POST", "DiagnosticReport", again, ifNoneExist="identifier=urn:r|1")
    [told] = done(world, kept, Prefer="return=representation")
    assert (told["response"]["status"], "resource" in told) == ("200 OK", False)
    searched = done(world, asks("GET", "DiagnosticReport"), asks("GET", "_history"))
    assert "58170007" not in json.dumps(searched)


@pytest.mark.parametrize("kind", ["searchset", "collection", "history"])
def test_other_bundles(world: World, kind: str) -> None:
    status, _, _ = refused(world, json.dumps({"resourceType": "Bundle", "type": kind}).encode())
    assert status == 422


def test_what_is_no_bundle(world: World) -> None:
    assert refused(world, json.dumps(PERSON).encode()) == (400, "invalid", "")


def test_too_many_entries_are_told_before_they_are_looked_at(tmp_path: Path) -> None:
    for world in make_world(tmp_path / "d", max_entries=2):
        assert refused(world, bundle(*[{"resource": 1}] * 3)) == (413, "too-costly", "Bundle.entry")
        assert world.send("POST", "", bundle(entry(PERSON), entry(PERSON))).status_code == 200


@pytest.mark.parametrize("name", ["method", "url"])
def test_an_extension_asks_for_nothing(world: World, name: str) -> None:
    """R4 element.html lets one stand for a value; found by mutation."""
    entry = asks("POST", "Patient", PERSON)
    del entry["request"][name]
    entry["request"][f"_{name}"] = {"extension": [{"url": "https://ehr.example/x", "valueCode": "POST"}]}
    answer = world.send("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert answer.status_code == 422
    issue = answer.json["issue"][0]
    assert (issue["code"], issue["expression"]) == ("required", [f"Bundle.entry[0].request.{name}"])
    assert world.get("Patient")["total"] == 0
