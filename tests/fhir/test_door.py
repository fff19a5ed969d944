from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from server.fhir.bindings import READABLE
from server.fhir.desk import readable
from server.fhir.routes import ROUTES
from tests.world import World, make_world, patient

PERSON = {"resourceType": "Patient", "birthDate": "1990-05-01"}


def told(answer) -> tuple[int, str]:
    assert answer.content_type == "application/fhir+json; charset=utf-8"
    return answer.status_code, answer.json["issue"][0]["code"]


def test_the_capability_statement_says_what_the_routes_do(world: World) -> None:
    said = world.get("metadata")["rest"][0]
    assert {each["type"] for each in said["resource"]} == set(READABLE)
    offered = {each["code"] for resource in said["resource"] for each in resource["interaction"]}
    offered |= {each["code"] for each in said["interaction"]}
    offered |= {each["name"] for resource in said["resource"] for each in resource.get("operation", [])}
    calls = {
        "history": "history-instance",
        "history_type": "history-type",
        "history_system": "history-system",
        "search": "search-type",
        "search_system": "search-system",
        "validate_type": "validate",
        "withdraw_model": "withdraw",
        "withdraw_opinion": "withdraw",
        "status_all": "status",
        "complete_study": "complete-study",
    }
    routed = {calls.get(each.__name__, each.__name__) for _, _, each in ROUTES}
    conditional = {f"conditional_{each}" for each in ("update", "patch", "delete")}
    assert routed - {"metadata", "bundle", *conditional} | {"transaction", "batch"} == offered


@pytest.mark.parametrize("written", [True, False])
def test_what_is_ours_to_write_is_not_offered_to_others(world: World, written: bool) -> None:
    types = {each["type"]: each for each in world.get("metadata")["rest"][0]["resource"]}
    said = types["Patient" if written else "AuditEvent"]
    codes = {each["code"] for each in said["interaction"]}
    assert codes >= {"read", "vread", "history-instance", "history-type", "search-type"}
    assert (codes >= {"create", "update", "patch", "delete"}) is written
    assert said["conditionalDelete"] == ("single" if written else "not-supported")


@pytest.mark.parametrize("type_", ["Banana", "Parameters", "OperationOutcome", "patient", "$import"])
def test_a_type_that_is_not_served(world: World, type_: str) -> None:
    assert told(world.send("GET", type_)) == (404, "not-supported")
    assert "Patient" in world.send("GET", type_).json["issue"][0]["diagnostics"]


def test_every_type_that_is_kept_is_readable() -> None:
    for type_ in READABLE:
        readable(type_)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "Patient/x", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        ("PATCH", "Patient/x/_history", "GET, HEAD, OPTIONS"),
        ("DELETE", "Patient/x/_history/1", "GET, HEAD, OPTIONS"),
        ("DELETE", "", "GET, HEAD, OPTIONS, POST"),
    ],
)
def test_a_method_that_is_not_offered_names_those_that_are(
    world: World, method: str, path: str, allowed: str
) -> None:
    answer = world.send(method, path, {})
    assert told(answer) == (405, "not-supported")
    assert answer.headers["Allow"] == allowed
    assert allowed in answer.json["issue"][0]["diagnostics"]


def test_a_type_that_only_we_write(world: World) -> None:
    answer = world.send("POST", "AuditEvent", {"resourceType": "AuditEvent"})
    assert told(answer) == (405, "not-supported")
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "media_type", ["application/fhir+json", "application/json", "text/json", "Application/JSON"]
)
def test_what_json_is_called(world: World, media_type: str) -> None:
    assert (
        world.send("POST", "Patient", PERSON, Content_Type=f"{media_type}; charset=UTF-8").status_code == 201
    )
    assert world.send("GET", "Patient", b"", Accept=f"text/html, {media_type};q=0.1").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Type": "application/fhir+turtle"}, 415),
        ({"Content_Type": "application/fhir+xml; charset=utf-16"}, 415),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/json; charset=utf-16"}, 415),
        ({"Accept": "application/fhir+turtle"}, 406),
        ({"Content_Encoding": "br"}, 415),
    ],
)
def test_other_formats(world: World, headers: dict[str, str], status: int) -> None:
    assert told(world.send("POST", "Patient", PERSON, **headers)) == (status, "not-supported")


@pytest.mark.parametrize(
    ("format_", "status"), [("json", 200), ("application/fhir%2Bjson", 200), ("xml", 200), ("ttl", 406)]
)
def test_format_overrules_accept(world: World, format_: str, status: int) -> None:
    answer = world.send("GET", f"Patient?_format={format_}", b"", Accept="text/html")
    assert answer.status_code == status


def test_gzip(world: World) -> None:
    body = gzip.compress(json.dumps(PERSON).encode())
    assert world.send("POST", "Patient", body, Content_Encoding="gzip").status_code == 201


def test_a_body_shorter_than_it_says(world: World) -> None:
    """The front hands on only whole requests; whoever serves without it is answered here."""
    body = json.dumps(PERSON).encode()
    longer = {"CONTENT_LENGTH": str(len(body) + 1)}
    answer = world.client.post(
        "/fhir/Patient", data=body, content_type="application/fhir+json", environ_overrides=longer
    )
    assert told(answer) == (400, "incomplete")


def test_a_single_resource_has_the_smaller_limit(tmp_path: Path) -> None:
    for world in make_world(tmp_path / "d", max_resource=1_000, max_body=10_000):
        large = json.dumps(PERSON).encode() + b" " * 2_000
        assert told(world.send("POST", "Patient", large)) == (413, "too-long")
        entry = {"resource": PERSON, "request": {"method": "POST", "url": "Patient"}}
        whole = {"resourceType": "Bundle", "type": "transaction", "entry": [entry] * 20}
        assert world.send("POST", "", whole).status_code == 200
        assert told(world.send("POST", "", json.dumps(whole).encode() + b" " * 10_000)) == (413, "too-long")


def test_two_slashes_are_no_redirect(world: World) -> None:
    """A redirect would repeat the Host header, which anybody may forge (F-070)."""
    answer = world.send("GET", "/Patient", b"", Host="evil.example")
    assert (answer.status_code, answer.headers.get("Location")) == (404, None)


@pytest.mark.parametrize("version", ["0", "2", "2147483648", "9" * 40, "-1", "x"])
def test_a_version_that_is_not_there(world: World, version: str) -> None:
    who = patient(world)
    assert told(world.send("GET", f"{who}/_history/{version}")) == (404, "not-found")


def test_head_and_options(world: World) -> None:
    who = patient(world)
    head = world.send("HEAD", who)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", 'W/"1"')
    assert "PUT" in world.send("OPTIONS", who).headers["Allow"]


def test_the_headers_that_an_answer_is_sent_with(world: World) -> None:
    made = world.send("POST", "Patient", PERSON)
    kept = f"Patient/{made.json['id']}"
    assert made.headers["Location"] == f"http://127.0.0.1:8080/fhir/{kept}/_history/1"
    assert made.headers["Content-Length"] == str(len(made.data))
    read, head = world.send("GET", kept), world.send("HEAD", kept)
    assert (head.data, head.headers["Content-Length"]) == (b"", str(len(read.data)))
    same = world.send("GET", kept, If_None_Match='W/"1"')
    assert same.status_code == 304
    assert not {"Content-Length", "Content-Type"} & set(same.headers.keys())
    bare = world.send("POST", "Patient", PERSON, Prefer="return=minimal")
    assert (bare.status_code, bare.headers["Content-Length"]) == (201, "0")
    assert "Content-Type" not in bare.headers


def test_the_statement_is_as_old_as_what_it_says(world: World) -> None:
    first = world.get("metadata")
    world.watch.forward(days=3)
    assert world.get("metadata") == first
