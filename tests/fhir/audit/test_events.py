"""An access becomes AuditEvents as BALP has them."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from typing import Any

import pytest

from server.accesses import Access, Doing, Outcome
from server.fhir.audit.events import events
from server.fhir.audit.subjects import patients
from server.fhir.parse import parse
from server.fhir.validate import check
from server.fhir.write import dump
from tests.fhir.shelf import AT, Shelf

BASE = "https://sr.example/fhir"
READ = Access(
    id="6a3c5e0e-6f0f-4b8e-9f0b-0d8a4f3b9c11",
    at=AT,
    doing=Doing.READ,
    name="Ward",
    client="ward",
    address="10.0.0.9",
    request="r-1",
    type="Observation",
    what=("Observation/o/_history/2",),
)
SOURCE, DESTINATION = "110153", "110152"


def only(access: Access, *whom: str) -> Any:
    [event] = events(access, whom, BASE)
    return event


def roles(event: Any) -> list[str]:
    return [each["type"]["coding"][0]["code"] for each in event["agent"]]


@pytest.mark.parametrize("doing", list(Doing))
@pytest.mark.parametrize("whom", [(), ("Patient/p",), ("Patient/p", "Patient/q")])
def test_each_is_a_valid_resource_for_each_patient(doing: Doing, whom: tuple[str, ...]) -> None:
    access = replace(READ, doing=doing, query="GET /fhir/Observation?x=y", document="d")
    made = events(access, whom, BASE)
    assert len(made) == max(len(whom), 1)
    assert len({each["id"] for each in made}) == len(made)
    for each in made:
        check(parse(dump(each)), "AuditEvent")
    assert made == events(access, whom, BASE)


@pytest.mark.parametrize(
    ("doing", "expected"),
    [
        (Doing.READ, ("R", "read", "Read", [DESTINATION, SOURCE])),
        (Doing.VREAD, ("R", "vread", "Read", [DESTINATION, SOURCE])),
        (Doing.CREATE, ("C", "create", "Create", [SOURCE, DESTINATION])),
        (Doing.UPDATE, ("U", "update", "Update", [SOURCE, DESTINATION])),
        (Doing.PATCH, ("U", "patch", "Update", [SOURCE, DESTINATION])),
        (Doing.DELETE, ("D", "delete", "Delete", [SOURCE, DESTINATION])),
        (Doing.SEARCH, ("E", "search", "Query", [SOURCE, DESTINATION])),
    ],
)
def test_action_subtype_profile_and_roles(doing: Doing, expected: tuple[str, str, str, list[str]]) -> None:
    about, none = only(replace(READ, doing=doing), "Patient/p"), only(replace(READ, doing=doing))
    action, subtype, profile, sides = expected
    assert (about["action"], about["subtype"][0]["code"], roles(about)) == (action, subtype, sides)
    assert about["meta"]["profile"][0].endswith(f"/IHE.BasicAudit.Patient{profile}")
    assert none["meta"]["profile"][0].endswith(f"/IHE.BasicAudit.{profile}")


def test_who_from_where_what_and_under_which_request() -> None:
    event = only(READ, "Patient/p")
    client, server = event["agent"]
    assert (client["altId"], client["name"], client["network"]["address"]) == ("ward", "Ward", "10.0.0.9")
    assert client["who"]["identifier"]["value"] == "ward"
    assert [each["requestor"] for each in (client, server)] == [True, False]
    assert server["who"] == event["source"]["observer"]
    patient, data, request = event["entity"]
    assert (patient["what"]["reference"], patient["type"]["code"], patient["role"]["code"]) == (
        "Patient/p",
        "1",
        "1",
    )
    assert (data["what"]["reference"], data["role"]["code"]) == ("Observation/o/_history/2", "4")
    assert (request["what"]["identifier"]["value"], request["type"]["code"]) == ("r-1", "XrequestId")


def test_a_search_is_told_in_its_own_words_and_what_it_found_is_not() -> None:
    query = "GET /fhir/Observation?patient=p&code=Ä"
    event = only(replace(READ, doing=Doing.SEARCH, query=query), "Patient/p")
    [asked] = [each for each in event["entity"] if "query" in each]
    assert b64decode(asked["query"]).decode() == query
    assert (asked["type"]["code"], asked["role"]["code"]) == ("2", "24")
    assert not [each for each in event["entity"] if "_history" in each.get("what", {}).get("reference", "")]


def test_a_refusal_says_so() -> None:
    event = only(replace(READ, doing=Doing.CREATE, what=(), outcome=Outcome.SERIOUS, detail="forbidden"))
    assert (event["outcome"], event["outcomeDesc"]) == ("8", "forbidden")
    assert event["entity"][0]["what"] == {"display": "Observation"}


def person(id_: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_}


def test_whom_it_is_about_is_told_by_each_version() -> None:
    shelf = Shelf(
        {"resourceType": "Observation", "id": "o", "subject": {"reference": "Patient/first"}},
        {"resourceType": "Observation", "id": "o", "subject": {"reference": "Patient/second"}},
        {"resourceType": "Provenance", "id": "v", "target": [{"reference": "Patient/third"}]},
        {"resourceType": "Organization", "id": "g"},
    )

    def look(type_: str, id_: str, version: int | None) -> Any:
        return shelf.newest(type_, id_) if version is None else shelf.read(type_, id_, version)

    def whom(*what: str, **more: Any) -> tuple[str, ...]:
        return patients(replace(READ, what=what, **more), look)

    assert whom("Observation/o/_history/1") == ("Patient/first",)
    assert whom("Observation/o/_history/2", "Observation/o/_history/1") == ("Patient/second", "Patient/first")
    assert whom("Observation/o") == ("Patient/second",)
    assert whom("Provenance/v") == ("Patient/third",)
    assert whom("Organization/g", "Observation/none", "Observation") == ()
    shelf.delete("Observation", "o")
    assert whom("Observation/o/_history/3") == whom("Observation/o") == ("Patient/second",)
    assert whom(query="GET /fhir/Observation?subject=Patient/x,y&code=1") == ("Patient/x", "Patient/y")
    assert whom(query="POST /fhir/Patient/_search\n_id=z", type="Patient") == ("Patient/z",)
    assert whom(query="GET /fhir/Observation?_id=z") == ()


def test_a_search_that_names_thousands_is_one_event() -> None:
    """F-092 and the like: a refused request of 64 KB must not become gigabytes."""
    few = ",".join(f"p{number}" for number in range(500))
    many = ",".join(f"p{number}" for number in range(2_000))
    for words, number in ((few, 500), (many, 0)):
        access = Access("x", AT, Doing.SEARCH, "a client", query=f"GET /fhir/Observation?patient={words}")
        assert len(patients(access, lambda *_: None)) == number
