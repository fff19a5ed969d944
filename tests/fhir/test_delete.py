"""delete, by id and by criteria: what goes, what stays readable, and what may not go."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import SPECIALTY, VIRAL, World, answer_as, doctor, observation, patient, send_case

pytestmark = pytest.mark.both_databases

MRN = "https://ehr.example/patient"


def refused(answer: Any) -> tuple[int, str, str]:
    issue = answer.json["issue"][0]
    return answer.status_code, issue["code"], issue["diagnostics"]


def deleted(world: World, path: str) -> None:
    answer = world.send("DELETE", path)
    assert answer.status_code == 204, answer.text


def test_what_is_deleted_is_gone_and_its_past_is_not(world: World) -> None:
    """F-082."""
    who = patient(world)
    answer = world.send("DELETE", who)
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (204, b"", 'W/"2"')
    assert "Content-Type" not in answer.headers
    for path in (who, f"{who}/_history/2"):
        gone = world.send("GET", path)
        assert (gone.status_code, gone.headers["ETag"]) == (410, 'W/"2"')
        assert gone.json["issue"][0]["code"] == "deleted"
    assert world.get(f"{who}/_history/1")["id"] == who.partition("/")[2]
    assert world.send("GET", f"{who}/_history/3").status_code == 404


def test_what_is_deleted_is_not_found(world: World) -> None:
    who = patient(world, number="7")
    deleted(world, who)
    for query in ("Patient", f"Patient?identifier={MRN}|7", f"Patient?_id={who.partition('/')[2]}"):
        assert world.get(query)["total"] == 0


def test_its_history_tells_of_the_deletion(world: World) -> None:
    who = patient(world)
    deleted(world, who)
    last, first = world.get(f"{who}/_history")["entry"]
    assert "resource" not in last
    assert last["request"] == {"method": "DELETE", "url": who}
    assert (last["response"]["status"], last["response"]["etag"]) == ("204", 'W/"2"')
    assert first["request"] == {"method": "POST", "url": "Patient"}


def test_deleting_again_changes_nothing(world: World) -> None:
    who = patient(world)
    deleted(world, who)
    again = world.send("DELETE", who)
    assert (again.status_code, again.headers["ETag"]) == (204, 'W/"2"')
    assert len(world.get(f"{who}/_history")["entry"]) == 2


def test_deleting_what_never_was(world: World) -> None:
    answer = world.send("DELETE", "Patient/nobody")
    assert (answer.status_code, "ETag" in answer.headers) == (204, False)
    assert world.send("GET", "Patient/nobody").status_code == 404


def test_who_prefers_it_is_told_in_words(world: World) -> None:
    who = patient(world)
    for _ in range(2):
        answer = world.send("DELETE", who, Prefer="return=OperationOutcome")
        assert (answer.status_code, answer.json["resourceType"]) == (200, "OperationOutcome")


def test_a_put_brings_it_back_as_a_new_version(world: World) -> None:
    who = patient(world)
    before = world.get(who)
    deleted(world, who)
    answer = world.send("PUT", who, before)
    assert (answer.status_code, answer.headers["ETag"]) == (201, 'W/"3"')
    assert world.get(who)["meta"]["versionId"] == "3"
    assert world.get("Patient")["total"] == 1
    assert [e["response"]["etag"] for e in world.get(f"{who}/_history")["entry"]] == [
        'W/"3"', 'W/"2"', 'W/"1"',
    ]  # fmt: skip


def test_only_what_is_new_may_come_back(world: World) -> None:
    """If-None-Match: * asks that nothing is there; a tombstone is nothing."""
    who = patient(world)
    body = world.get(who)
    deleted(world, who)
    stale = world.send("PUT", who, body, If_Match='W/"2"')
    assert refused(stale)[:2] == (412, "conflict")
    assert world.send("PUT", who, body, If_None_Match="*").status_code == 201


def test_it_comes_back_for_the_same_patient_and_as_sensitive(world: World) -> None:
    """F-040, F-121: deleting is no way around either."""
    one, other = patient(world, number="1"), patient(world, number="2")
    label = {"security": [{"system": "urn:s", "code": "R"}]}
    made = world.post(observation(one, "26464-8", "1", meta=label))
    path = f"Observation/{made['id']}"
    deleted(world, path)
    moved = world.send("PUT", path, {**made, "subject": {"reference": other}})
    assert refused(moved)[:2] == (422, "business-rule")
    bare = world.send("PUT", path, {k: v for k, v in made.items() if k != "meta"})
    assert refused(bare)[:2] == (403, "forbidden")
    assert world.send("PUT", path, made).status_code == 201


@pytest.mark.parametrize(("etag", "status"), [('W/"1"', 204), ('W/"2"', 412), ("1", 400)])
def test_a_version_may_be_demanded(world: World, etag: str, status: int) -> None:
    assert world.send("DELETE", patient(world), If_Match=etag).status_code == status


# -- by criteria -------------------------------------------------------------------------------


def test_what_matches_is_deleted(world: World) -> None:
    who, other = patient(world, number="7"), patient(world, number="8")
    assert world.send("DELETE", f"Patient?identifier={MRN}|7").status_code == 204
    assert world.send("GET", who).status_code == 410
    assert world.send("GET", other).status_code == 200
    assert world.send("DELETE", f"Patient?identifier={MRN}|7").status_code == 204, "no match is no error"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        (f"?identifier={MRN}|7", 412, "multiple-matches"),
        ("", 400, "required"),
        ("?_count=1", 400, "required"),
        ("?_sort=_id&_count=1", 400, "required"),
        ("?nickname=x", 400, "not-supported"),
        (f"?identifier={MRN}|7&nickname=x", 400, "not-supported"),
    ],
)
def test_criteria_that_do_not_name_one(world: World, query: str, status: int, code: str) -> None:
    """F-087, F-088, F-089."""
    for _ in range(2):
        patient(world, number="7")
    assert refused(world.send("DELETE", f"Patient{query}"))[:2] == (status, code)
    assert world.get("Patient")["total"] == 2


# -- what may not go ---------------------------------------------------------------------------


@pytest.mark.parametrize("type_", ["AuditEvent"])
def test_types_that_only_we_write(world: World, type_: str) -> None:
    answer = world.send("DELETE", f"{type_}/x")
    assert refused(answer)[:2] == (405, "not-supported")
    assert answer.headers["Allow"] == "GET, HEAD"


def test_what_an_open_case_rests_on(world: World) -> None:
    sent = send_case(world)
    measured = world.get(f"Observation?subject={sent.patient}")["entry"][0]["resource"]
    for path in (
        f"Task/{sent.task_id}", sent.patient, f"DiagnosticReport/{sent.report['id']}",
        f"Observation/{measured['id']}",
    ):  # fmt: skip
        status, code, words = refused(world.send("DELETE", path))
        assert (status, code) == (409, "conflict")
        assert f"Task/{sent.task_id}" in words
        assert "status cancelled" in words
        assert ("entered-in-error" in words) is path.startswith("Observation")
    assert world.state(sent.task_id) == "received"


def test_a_case_that_is_being_read_must_end_first(world: World) -> None:
    sent = send_case(world, report_more={"status": "preliminary"})
    world.run()
    assert world.get(f"Task/{sent.task_id}")["status"] == "in-progress"
    assert "wait until it has ended" in refused(world.send("DELETE", f"Task/{sent.task_id}"))[2]


def test_a_cancelled_request_can_be_deleted_with_all_that_belonged_to_it(world: World) -> None:
    sent = send_case(world)
    assert world.put({**sent.task, "status": "cancelled"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "withdrawn"
    assert refused(world.send("DELETE", sent.patient))[1] == "conflict"
    deleted(world, f"Task/{sent.task_id}")
    deleted(world, f"DiagnosticReport/{sent.report['id']}")
    for each in world.get(f"Observation?subject={sent.patient}")["entry"]:
        deleted(world, f"Observation/{each['resource']['id']}")
    deleted(world, sent.patient)


def test_the_id_of_a_deleted_request_is_not_given_again(world: World) -> None:
    """Its case is on record under that id."""
    sent = send_case(world)
    world.put({**sent.task, "status": "cancelled"})
    world.run()
    deleted(world, f"Task/{sent.task_id}")
    assert refused(world.send("PUT", f"Task/{sent.task_id}", sent.task))[:2] == (409, "deleted")
    asked = {k: v for k, v in sent.task.items() if k not in ("id", "meta", "lastModified")}
    again = world.post(asked)
    assert again["id"] != sent.task_id
    assert sum(world.house.ledger.counts().values()) == 2


def test_what_others_refer_to(world: World) -> None:
    who = patient(world)
    measured = [world.post(observation(who, "26464-8", "1")) for _ in range(2)]
    status, code, words = refused(world.send("DELETE", who))
    assert (status, code) == (409, "conflict")
    assert words.startswith("still referring to this resource: Observation;")
    deleted(world, f"Observation/{measured[0]['id']}")
    assert refused(world.send("DELETE", who))[2] == words, "how many is not told"
    deleted(world, f"Observation/{measured[1]['id']}")
    deleted(world, who)


def test_a_reference_that_is_gone_binds_no_more(world: World) -> None:
    role = doctor(world, "Dapple", "Demo General")
    held = world.get(role)
    place = held["organization"]["reference"]
    assert refused(world.send("DELETE", place))[2].startswith(
        "still referring to this resource: PractitionerRole;"
    )
    assert world.put({k: v for k, v in held.items() if k != "organization"}).status_code == 200
    deleted(world, place)


def test_who_refers_to_itself_may_go(world: World) -> None:
    who = patient(world)
    link = [{"other": {"reference": who}, "type": "seealso"}]
    assert world.put({**world.get(who), "link": link}).status_code == 200
    deleted(world, who)


def test_nothing_new_refers_to_what_is_gone(world: World) -> None:
    who = patient(world)
    deleted(world, who)
    assert refused(world.send("POST", "Observation", observation(who, "1", "1")))[:2] == (422, "not-found")


def test_what_we_wrote_of_a_case_stays(world: World) -> None:
    role = doctor(world, "Farah", "Other House", SPECIALTY)
    sent = send_case(world)
    world.run()
    answer_as(world, role, VIRAL)
    world.run()
    assert world.state(sent.task_id) == "closed"
    ours = [
        f"{kind}/{each['resource']['id']}"
        for kind in ("DiagnosticReport", "Observation", "ServiceRequest", "Task")
        for each in world.get(kind)["entry"]
        if _written_here(each["resource"])
    ]
    assert {path.partition("/")[0] for path in ours} == {
        "DiagnosticReport", "Observation", "ServiceRequest", "Task",
    }  # fmt: skip
    for path in ours:
        assert refused(world.send("DELETE", path))[:2] == (403, "forbidden"), path
    evidence = [e["resource"] for e in world.get("Observation")["entry"] if not _written_here(e["resource"])]
    for each in evidence:  # what an opinion was made from is on record with it
        assert refused(world.send("DELETE", f"Observation/{each['id']}"))[:2] == (409, "conflict")


def _written_here(resource: dict[str, Any]) -> bool:
    minted = any("second-reader" in each.get("system", "") for each in resource.get("identifier", []))
    asked = resource.get("code", {}).get("coding", [{}])[0].get("code")
    return minted or asked == "specialist-read"
