"""XML at the door: every interaction in it, answers in the format that is asked for, the case goes on."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from sqlalchemy import select

from server.fhir.bindings import SHAPES
from server.fhir.parse import BUNDLE_BYTES, parse
from server.fhir.write import dump
from server.fhir.xml_read import read
from server.fhir.xml_write import write
from server.store.tables import arrival
from tests.world import BACTERIAL, SPECIALTY, VIRAL, World, answer_as, doctor, patient, send_case

XML = "application/fhir+xml"
PERSON = {"resourceType": "Patient", "birthDate": "1990-05-01", "multipleBirthInteger": 2}


def xml(world: World, method: str, path: str, resource: dict[str, Any] | None = None, **headers: str) -> Any:
    body = b"" if resource is None else write(resource)
    return world.send(method, path, body, **{"Content_Type": XML, "Accept": XML, **headers})


class InXml(World):
    """The same world for whoever speaks XML only."""

    def post(self, resource: dict[str, Any], **headers: str) -> dict[str, Any]:
        sent = parse(json.dumps(resource).encode())
        return content(xml(self, "POST", resource["resourceType"], sent, **headers))

    def get(self, path: str) -> dict[str, Any]:
        return content(xml(self, "GET", path))

    def put(self, resource: dict[str, Any]) -> Any:
        version = f'W/"{resource["meta"]["versionId"]}"'
        path = f"{resource['resourceType']}/{resource['id']}"
        return xml(self, "PUT", path, parse(dump(resource)), If_Match=version)


def content(answer: Any) -> dict[str, Any]:
    assert answer.content_type == f"{XML}; charset=utf-8"
    return read(answer.data, limit=BUNDLE_BYTES)


def test_a_whole_case(world: World) -> None:
    """An EHR and a specialist that know no JSON: disagreement, referral, answer, opinion."""
    here = InXml(**{each.name: getattr(world, each.name) for each in fields(world)})
    specialist = doctor(here, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(here, VIRAL)
    here.run()
    answer_as(here, specialist, BACTERIAL)
    here.run()
    assert here.history(sent.task_id)[-1] == ("completed", "closed-amended")
    assert here.get(f"Task/{sent.task_id}") == read(write(world.get(f"Task/{sent.task_id}")))


def test_create_read_update_history_search(world: World) -> None:
    made = xml(world, "POST", "Patient", PERSON)
    assert made.status_code == 201
    stored = content(made)
    who = f"Patient/{stored['id']}"
    assert content(xml(world, "GET", who)) == stored == world.get(who)
    changed = xml(world, "PUT", who, {**stored, "birthDate": "1991"}, If_Match='W/"1"')
    assert (changed.status_code, content(changed)["birthDate"]) == (200, "1991")
    assert content(xml(world, "GET", f"{who}/_history/1")) == stored
    assert len(content(xml(world, "GET", f"{who}/_history"))["entry"]) == 2
    found = content(xml(world, "GET", f"Patient?_id={stored['id']}"))
    assert found["entry"][0]["resource"]["birthDate"] == "1991"
    by_form = world.send(
        "POST",
        "Patient/_search?_format=xml",
        f"_id={stored['id']}".encode(),
        Content_Type="application/x-www-form-urlencoded",
    )
    assert content(by_form)["total"] == 1


def test_what_was_sent_is_kept_as_it_was_sent(world: World) -> None:
    """The arrival is the proof: its bytes and digest are those of the message, not of our reading of it."""
    sent = write(PERSON, pretty=True)
    assert world.send("POST", "Patient", sent, Content_Type="text/xml").status_code == 201
    with world.house.database.reading() as connection:
        assert connection.execute(select(arrival.c.body)).scalars().all() == [sent]


def test_one_format_in_another_out(world: World) -> None:
    who = patient(world)
    body = write(parse(world.send("GET", who, b"").data))
    answer = world.send("PUT", who, body, Content_Type="application/xml", If_Match='W/"1"')
    assert answer.content_type == "application/fhir+json; charset=utf-8"
    assert answer.json["meta"]["versionId"] == "2"


def test_conditional_update_with_a_format(world: World) -> None:
    named = {**PERSON, "identifier": [{"system": "urn:x", "value": "1"}]}
    for status in (201, 200):
        answer = world.send("PUT", "Patient?identifier=urn:x|1&_format=xml&_pretty=true", named)
        assert (answer.status_code, content(answer)["birthDate"]) == (status, "1990-05-01")


def test_transaction(world: World) -> None:
    entry = {"resource": PERSON, "request": {"method": "POST", "url": "Patient"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry, entry]}
    told = content(xml(world, "POST", "", bundle))
    assert [each["response"]["status"] for each in told["entry"]] == ["201 Created"] * 2


@pytest.mark.parametrize(
    ("method", "path", "body", "refusal"),
    [
        ("POST", "Patient", b"<Patient/>", (400, "structure")),
        ("POST", "Patient", b'<Patient xmlns="http://hl7.org/fhir"><foo/></Patient>', (422, "structure")),
        ("GET", "Patient/nobody", b"", (404, "not-found")),
        ("DELETE", "AuditEvent/x", b"", (405, "not-supported")),
        ("GET", "Banana", b"", (404, "not-supported")),
        ("GET", "Patient/x/y/z", b"", (404, "not-found")),
    ],
)
def test_refusals_are_told_in_the_format_asked_for(
    world: World, method: str, path: str, body: bytes, refusal: tuple[int, str]
) -> None:
    answer = world.send(method, path, body, Content_Type=XML, Accept=XML)
    outcome = content(answer)
    assert outcome["resourceType"] == "OperationOutcome"
    assert (answer.status_code, outcome["issue"][0]["code"]) == refusal


def test_who_cannot_be_answered_is_told_so_in_json(world: World) -> None:
    answer = world.send("GET", "Patient?_format=ttl", b"", Accept=XML)
    assert (answer.status_code, answer.content_type) == (406, "application/fhir+json; charset=utf-8")


def test_not_modified_has_no_body(world: World) -> None:
    who = patient(world)
    answer = world.send("GET", who, b"", Accept=XML, If_None_Match='W/"1"')
    assert (answer.status_code, answer.data) == (304, b"")


def test_pretty(world: World) -> None:
    who = patient(world)
    plain, pretty = (world.send("GET", f"{who}{query}", b"") for query in ("", "?_pretty=true"))
    assert plain.json == pretty.json
    assert b"\n" not in plain.data
    assert b'\n  "resourceType": "Patient"' in pretty.data
    found = world.send("GET", "Patient?_pretty=true&_format=xml", b"", Prefer="handling=strict")
    assert b"\n  <entry>\n" in found.data


def test_a_generic_name_is_answered_by_that_name(world: World) -> None:
    answer = world.send("GET", patient(world), b"", Accept="text/xml")
    assert answer.content_type == "text/xml; charset=utf-8"


def test_what_the_server_can_do(world: World) -> None:
    statement = content(xml(world, "GET", "metadata"))
    assert XML in statement["format"]


@pytest.mark.skipif("Account" in SHAPES, reason="then it has a form in XML")
def test_a_write_that_has_no_form_in_xml_is_done_and_told_in_json(world: World) -> None:
    account = {"resourceType": "Account", "id": "a", "status": "active"}
    held = {
        **PERSON,
        "contained": [account],
        "extension": [{"url": "http://e.example/x", "valueReference": {"reference": "#a"}}],
    }
    made = world.send("POST", "Patient", held, Accept=XML)
    assert (made.status_code, made.json["contained"]) == (201, [account])
    answer = world.send("GET", f"Patient/{made.json['id']}", b"", Accept=XML)
    assert (answer.status_code, content(answer)["issue"][0]["code"]) == (406, "not-supported")
