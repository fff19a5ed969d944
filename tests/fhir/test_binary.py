"""Binary goes in and out in its own format (R4 binary.html#rest), and to a browser as a file only."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select

from server.store.tables import arrival
from tests.access.ward import Ward, told, ward
from tests.fhir.test_access import observed, person
from tests.world import VIRAL, World, patient, send_case

PDF = b"%PDF-1.7\n\x00\xff not really"
FHIR = "application/fhir+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


def stored(world: World, content: bytes = PDF, kind: str = "application/pdf", **headers: str) -> str:
    answer = world.send("POST", "Binary", content, Content_Type=kind, **headers)
    assert answer.status_code == 201, answer.text
    return f"Binary/{answer.json['id']}"


def asked(world: World, path: str, **headers: str) -> Any:
    return world.client.get(f"/fhir/{path}", headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.both_databases
def test_what_is_sent_as_it_is_is_a_binary_and_comes_back_as_it_was(world: World) -> None:
    place = stored(world)
    native = asked(world, place)
    assert (native.data, native.content_type) == (PDF, "application/pdf")
    resource = asked(world, place, Accept=FHIR).json
    assert (resource["contentType"], b64decode(resource["data"])) == ("application/pdf", PDF)
    assert resource["meta"]["versionId"] == "1"
    with world.house.database.reading() as connection:
        [kept] = connection.execute(select(arrival.c.digest)).all()
    assert kept.digest == sha256(PDF).hexdigest()


def test_a_browser_saves_it_and_runs_nothing(world: World) -> None:
    page = b"<script>alert(1)</script>"
    answer = asked(world, stored(world, page, "text/html; charset=utf-8"), Accept=BROWSER)
    assert (answer.data, answer.content_type) == (page, "text/html; charset=utf-8")
    assert answer.headers["Content-Disposition"] == "attachment"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("kind", "accept", "query", "fhir"),
    [
        ("application/pdf", "", "", False),
        ("application/pdf", "*/*", "", False),
        ("application/pdf", "application/pdf", "", False),
        ("application/pdf", "application/*;q=0.5", "", False),
        ("application/pdf", BROWSER, "", False),
        ("application/pdf", FHIR, "", True),
        ("application/pdf", f"{FHIR};q=0.1, */*", "", True),
        ("application/pdf", f"{FHIR};q=0.1, application/pdf", "", False),
        ("application/pdf", "application/json", "", True),
        ("application/json", "application/json", "", False),
        ("application/pdf", "*/*", "?_format=json", True),
        ("application/pdf", "*/*", "?_elements=contentType", True),
    ],
)
def test_fhir_only_where_it_is_asked_for(
    world: World, kind: str, accept: str, query: str, fhir: bool
) -> None:
    answer = asked(world, stored(world, b"[1]", kind) + query, **({"Accept": accept} if accept else {}))
    assert answer.status_code == 200
    if fhir:
        assert answer.json["resourceType"] == "Binary"
    else:
        assert (answer.data, answer.content_type) == (b"[1]", kind)


def test_what_is_neither_accepted_nor_fhir_is_406(world: World) -> None:
    assert told(asked(world, stored(world), Accept="image/png")) == (406, "not-supported")
    assert told(asked(world, "Binary/nothing", Accept="image/png")) == (404, "not-found")


def test_xml_is_asked_for_by_name(world: World) -> None:
    answer = asked(world, stored(world), Accept="application/fhir+xml")
    assert b'<Binary xmlns="http://hl7.org/fhir"><id value="' in answer.data


def test_conditional_reads_and_old_versions(world: World) -> None:
    place = stored(world)
    answer = world.send("PUT", place, b"second", Content_Type="text/plain")
    assert (answer.status_code, answer.json["meta"]["versionId"]) == (200, "2")
    now, first = asked(world, place), asked(world, f"{place}/_history/1")
    assert (now.data, now.content_type, now.headers["ETag"]) == (b"second", "text/plain", 'W/"2"')
    assert (first.data, first.headers["ETag"]) == (PDF, 'W/"1"')
    for headers in ({"If_None_Match": 'W/"2"'}, {"If_Modified_Since": now.headers["Last-Modified"]}):
        known = asked(world, place, Accept="text/plain", **headers)
        assert (known.status_code, known.data) == (304, b"")
    head = world.client.head(f"/fhir/{place}")
    assert (head.status_code, head.data, head.content_type) == (200, b"", "text/plain")


def test_versions_are_kept_apart_when_writing_too(world: World) -> None:
    place = stored(world)
    late = world.send("PUT", place, b"x", Content_Type="text/plain", If_Match='W/"7"')
    assert late.status_code == 412
    assert world.send("DELETE", place).status_code == 204
    assert asked(world, place, Accept="text/plain").status_code == 410
    assert world.send("PUT", "Binary/own", b"x", Content_Type="text/plain").status_code == 201
    assert asked(world, "Binary/own").data == b"x"


def test_the_security_context_goes_by_its_header(world: World) -> None:
    who = patient(world)
    place = stored(world, X_Security_Context=who)
    assert asked(world, place, Accept=FHIR).json["securityContext"] == {"reference": who}
    assert asked(world, place).headers["X-Security-Context"] == who
    absent = world.send("POST", "Binary", PDF, Content_Type="text/plain", X_Security_Context="Patient/no")
    assert told(absent) == (422, "not-found")


def test_a_binary_in_fhir_is_read_as_one(world: World) -> None:
    resource = {"resourceType": "Binary", "contentType": "text/plain", "data": b64encode(b"hello").decode()}
    for kind in (FHIR, "application/json"):
        place = stored(world, json.dumps(resource).encode(), kind)
        assert asked(world, place).data == b"hello"


def test_other_json_is_content(world: World) -> None:
    """R4: whatever it is, unless it is a Binary."""
    for kind, content in (
        ("application/json", b'{"a": [1, null]}'),
        ("text/xml", b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>"),
        (FHIR, b'{"resourceType": "Patient"}'),
    ):
        answer = asked(world, stored(world, content, kind), Accept="*/*")
        assert (answer.data, answer.content_type) == (content, kind)


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("", PDF, 415),
        ("pdf", PDF, 415),
        ("text/plain; charset=\xe9", PDF, 415),
        (FHIR, b"{", 400),
        (f"{FHIR}; fhirVersion=3.0", b"{}", 415),
        ("application/pdf", b"x" * (6 * 2**20), 413),
        ("application/pdf", b"x" * (8 * 2**20 + 1), 413),
    ],
)
def test_what_is_refused(world: World, kind: str, content: bytes, status: int) -> None:
    assert world.send("POST", "Binary", content, Content_Type=kind).status_code == status


def test_the_largest_comes_back(world: World) -> None:
    content = bytes(range(256)) * 4 * 1024 * 5
    assert asked(world, stored(world, content, "image/dicom")).data == content


def test_a_type_that_cannot_stand_in_a_header_is_not_sent(world: World) -> None:
    made = {"resourceType": "Binary", "contentType": "text/html;\nSet-Cookie:a=b", "data": "eA=="}
    answer = world.send("POST", "Binary", made)
    if answer.status_code == 201:
        read = asked(world, f"Binary/{answer.json['id']}")
        assert (read.content_type, "Set-Cookie" in read.headers) == ("application/octet-stream", False)


def test_other_types_do_not_take_it(world: World) -> None:
    answer = world.send("POST", "Patient", PDF, Content_Type="application/pdf")
    assert told(answer) == (415, "not-supported")


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_in_a_bundle_it_stays_fhir(world: World, kind: str) -> None:
    place = stored(world)
    bundle = {"resourceType": "Bundle", "type": kind, "entry": [{"request": {"method": "GET", "url": place}}]}
    [entry] = world.send("POST", "", bundle).json["entry"]
    assert b64decode(entry["resource"]["data"]) == PDF
    [found] = world.get(f"Binary?_id={place.removeprefix('Binary/')}")["entry"]
    assert found["resource"]["resourceType"] == "Binary"


def test_it_is_under_seal_with_what_it_is_part_of(world: World) -> None:
    sent = send_case(world, VIRAL)
    place = stored(world, X_Security_Context=f"DiagnosticReport/{sent.report['id']}")
    for accept in ("*/*", FHIR):
        assert told(asked(world, place, Accept=accept)) == (403, "suppressed")
        assert told(asked(world, f"{place}/_history/1", Accept=accept)) == (403, "suppressed")
    assert world.get("Binary")["total"] == 0


CLIENTS = {
    "all": "system/*.cruds",
    "anna": "system/Binary.cruds system/Patient.rs?_id=anna system/Observation.rs?patient=Patient/anna",
    "reads": "system/Binary.r system/Patient.r",
    "none": "system/Patient.cruds",
}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with ward(tmp_path_factory.mktemp("ward"), CLIENTS, {"all": '["auditor"]'}) as made:
        for each in (person("anna"), person("bert"), observed("a", "anna"), observed("b", "bert")):
            assert made.ask("all", "PUT", f"{each['resourceType']}/{each['id']}", each).status_code == 201
        for id_, context in (
            ("of-anna", "Patient/anna"),
            ("of-bert", "Patient/bert"),
            ("of-a", "Observation/a"),
            ("of-b", "Observation/b"),
            ("of-nobody", ""),
        ):
            put(made, "all", id_, context)
        yield made


def put(door: Ward, client: str, id_: str, context: str) -> Any:
    more = {"X_Security_Context": context} if context else {}
    return door.ask(client, "PUT", f"Binary/{id_}", b"x", Content_Type="text/plain", **more)


def test_it_is_seen_by_whoever_sees_what_it_is_part_of(door: Ward) -> None:
    """A-058."""
    seen = {"of-anna", "of-a", "of-nobody"}
    for id_ in ("of-anna", "of-bert", "of-a", "of-b", "of-nobody"):
        for path in (f"Binary/{id_}", f"Binary/{id_}/_history/1", f"Binary/{id_}/_history"):
            for accept in ("*/*", FHIR):
                status = door.ask("anna", "GET", path, Accept=accept).status_code
                assert status == (200 if id_ in seen else 404), path
    found = door.ask("anna", "GET", "Binary").json
    assert (found["total"], {each["resource"]["id"] for each in found["entry"]}) == (3, seen)
    history = door.ask("anna", "GET", "Binary/_history").json
    assert {each["resource"]["id"] for each in history["entry"]} == seen
    assert door.ask("reads", "GET", "Binary/of-bert").data == b"x"
    assert told(door.ask("reads", "GET", "Binary/of-b")) == (404, "not-found")


def test_it_needs_scopes_of_its_own(door: Ward) -> None:
    assert told(door.ask("none", "GET", "Binary/of-nobody")) == (403, "forbidden")
    assert told(door.ask("reads", "POST", "Binary", b"x", Content_Type="text/plain")) == (403, "forbidden")
    assert told(put(door, "anna", "of-bert", "Patient/anna")) == (403, "forbidden")
    assert told(put(door, "anna", "new", "Patient/bert")) == (422, "not-found")
