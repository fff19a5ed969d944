"""search of all types or of several: GET [base]?_type=..., POST [base]/_search, Patient/[id]/*."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from server.fhir.definitions.types import AUDITS
from tests.access.ward import Ward, told, ward
from tests.fhir.test_access import CLIENTS, FORM, HELD, bundle, found
from tests.fhir.test_search import entries, link, path, warned
from tests.world import World, observation, patient

BOTH = "_type=Patient,Observation"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with ward(tmp_path_factory.mktemp("ward"), CLIENTS, {"auditor": '["auditor"]'}) as made:
        for each in HELD:
            assert made.ask("all", "PUT", f"{each['resourceType']}/{each['id']}", each).status_code == 201
        yield made


def names(answer: dict[str, Any]) -> list[str]:
    return [f"{each['resourceType']}/{each['id']}" for each in entries(answer, "match")]


@pytest.mark.both_databases
@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_pages_go_through_one_type_after_the_other(world: World, size: int) -> None:
    who = patient(world)
    made = [who, *(f"Observation/{world.post(observation(who, '26464-8', '1'))['id']}" for _ in range(3))]
    seen, url = list[str](), f"?{BOTH}&_count={size}"
    while url:
        page = world.get(path(world, url).removeprefix(world.house.settings.fhir_base))
        assert len(page["entry"]) <= size
        seen += names(page)
        url = link(page, "next") or ""
    assert sorted(seen) == sorted(made)
    whole = world.get(f"?{BOTH}")
    assert (whole["type"], whole["total"]) == ("searchset", 4)
    assert link(whole, "self") == (f"{world.house.settings.fhir_base}?_type=Patient%2CObservation&_count=50")
    assert world.get(f"?{BOTH}&_summary=count")["total"] == 4
    assert world.get(f"?{BOTH}&_count=1&_total=accurate")["total"] == 4
    assert world.get(f"?{BOTH}&_id={who.partition('/')[2]}")["total"] == 1
    assert world.get(f"?{BOTH}&_lastUpdated=lt2001")["total"] == 0
    assert names(world.get("?_type=Patient&_revinclude=Observation:patient")) == [who]
    assert len(entries(world.get(f"?{BOTH}&_revinclude=Observation:patient&_id=none"), "include")) == 0
    assert len(entries(world.get("?_type=Patient,Task&_revinclude=Observation:patient"), "include")) == 3


def test_what_only_some_types_have_is_no_parameter_of_the_search(world: World) -> None:
    patient(world)
    answer = world.get(f"?{BOTH}&gender=male&_security=none")
    assert answer["total"] == 0
    assert warned(answer) == [("warning", "not-supported")]
    assert "gender" not in (link(answer, "self") or "")
    strict = world.send("GET", f"?{BOTH}&gender=male", Prefer="handling=strict")
    assert told(strict) == (400, "not-supported")
    assert world.get("?_type=Patient&gender=male&_sort=-_id")["type"] == "searchset"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("_type=Banana", 400, "value"),
        ("_type=", 400, "value"),
        (f"{BOTH}&_type=Task", 400, "value"),
        (f"{BOTH}&_sort=_lastUpdated", 400, "value"),
        (f"{BOTH}&_include=Task:focus", 400, "value"),
        (f"{BOTH}&_page=x", 400, "invalid"),
        (f"{BOTH}&_page=0.x", 400, "invalid"),
        (f"{BOTH}&_count=x", 400, "value"),
        ("_filter=id", 400, "not-supported"),
    ],
)
def test_refused(world: World, query: str, status: int, code: str) -> None:
    assert told(world.send("GET", f"?{query}")) == (status, code)


def test_each_type_is_held_to_what_its_caller_sees(door: Ward) -> None:
    assert found(door.ask("lab", "GET", f"?{BOTH}")) == ["anna", "bert", "spare", "a-lab", "b-lab"]
    assert found(door.ask("anna", "GET", "")) == ["a-lab", "a-vital", "anna"]
    assert found(door.ask("anna", "GET", "Patient/anna/*")) == ["a-lab", "a-vital", "anna"]
    assert found(door.ask("anna", "GET", "Patient/bert/*")) == []
    assert told(door.ask("tasks", "GET", f"?{BOTH}")) == (403, "forbidden")
    assert found(door.ask("tasks", "GET", "")) == []
    through = "?_type=Observation,Condition&patient:Patient._has:Task:patient:status=draft"
    assert told(door.ask("lab", "GET", through)) == (403, "forbidden")
    assert told(door.ask("all", "GET", f"?_type={AUDITS}")) == (403, "forbidden")
    assert door.ask("auditor", "GET", f"?_type={AUDITS}&_count=1").json["entry"]
    every = door.ask("auditor", "GET", "?_count=500").json["entry"]
    assert AUDITS not in {each["resource"]["resourceType"] for each in every}


def test_by_form_and_in_a_batch(door: Ward) -> None:
    form = {**FORM}
    assert found(door.ask("lab", "POST", "_search", b"_type=Patient&_id=anna", **form)) == ["anna"]
    assert found(door.ask("lab", "POST", "_search?_type=Patient", b"_id=anna", **form)) == ["anna"]
    as_parameters = {"resourceType": "Parameters", "parameter": [{"name": "_id", "valueString": "anna"}]}
    wishes = [
        {"request": {"method": "GET", "url": f"?{BOTH}&_id=anna"}},
        {"request": {"method": "GET", "url": "Patient?_id=anna"}},
        {"request": {"method": "POST", "url": "_search?_type=Patient&_id=anna"}},
        {"request": {"method": "POST", "url": "Patient/_search?_id=anna"}},
        {"request": {"method": "POST", "url": "Patient/_search"}, "resource": as_parameters},
        {"request": {"method": "GET", "url": "Patient/anna/*?_type=Patient"}},
    ]
    answer = door.ask("lab", "POST", "", {**bundle(*wishes), "type": "batch"})
    for each in answer.json["entry"]:
        held = each["resource"].get("entry", [])
        assert [one["resource"]["id"] for one in held] == ["anna"], each


@pytest.mark.parametrize("address", ["Patient/_search", "_search"])
def test_a_form_says_how_the_answer_is_written(door: Ward, address: str) -> None:
    answer = door.ask("lab", "POST", address, b"_id=anna&_format=xml", **FORM)
    assert answer.headers["Content-Type"].startswith("application/fhir+xml")
    assert answer.data.startswith(b"<")
    assert told(door.ask("lab", "POST", address, b"_id=anna&_format=turtle", **FORM))[0] == 406
    pretty = door.ask("lab", "POST", address, b"_id=anna&_pretty=true", **FORM)
    assert b"\n" in pretty.data
