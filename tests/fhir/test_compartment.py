"""Search in a patient's compartment: GET [base]/Patient/[id]/[type] (R4 http.html#vsearch)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.fhir.bindings import KEPT
from server.fhir.compartment import MEMBERS
from tests.access.ward import Ward, told, ward
from tests.fhir.test_access import CLIENTS, HELD, found
from tests.world import World, observation, patient


@pytest.mark.both_databases
def test_what_belongs_to_the_patient_by_any_way(world: World) -> None:
    one, other = patient(world, number="1"), patient(world, number="2")
    for number in range(3):
        world.post(observation(one, "26464-8", str(number)))
    world.post(observation(other, "26464-8", "9", performer=[{"reference": one}]))
    world.post(observation(other, "26464-8", "9", focus=[{"reference": one}]))
    page = world.get(f"{one}/Observation?_count=2")
    assert page["total"] == 4, "their own, and what they observed of somebody else; not what it is about"
    links = {each["relation"]: each["url"] for each in page["link"]}
    base = world.house.settings.fhir_base
    assert links["self"].startswith(f"{base}/{one}/Observation?")
    rest = world.get(links["next"].removeprefix(f"{base}/"))
    assert len(rest["entry"]) == 2
    assert world.get(f"{one}/Observation?subject={other}")["total"] == 1
    assert world.get(f"{one}/Patient")["total"] == 1
    assert world.get("Patient/nobody/Observation")["total"] == 0
    assert world.get(f"{one}/_history")["type"] == "history"


def test_of_types_that_never_belong_to_a_patient_there_is_none(world: World) -> None:
    assert set(KEPT) > set(MEMBERS)
    for type_ in ("Organization", "Task", "Banana"):
        assert world.send("GET", f"Patient/x/{type_}").status_code == 404


def test_in_a_bundle(world: World) -> None:
    who = patient(world)
    world.post(observation(who, "26464-8", "1"))
    wish = {"request": {"method": "GET", "url": f"{who}/Observation?code=26464-8"}}
    [entry] = world.send("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [wish]}).json[
        "entry"
    ]
    assert entry["resource"]["total"] == 1


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with ward(tmp_path_factory.mktemp("ward"), CLIENTS) as made:
        for each in HELD:
            assert made.ask("all", "PUT", f"{each['resourceType']}/{each['id']}", each).status_code == 201
        yield made


def test_it_is_a_search_like_any_other(door: Ward) -> None:
    """A-055."""
    assert found(door.ask("all", "GET", "Patient/bert/Observation")) == ["b-lab", "b-vital"]
    assert found(door.ask("lab", "GET", "Patient/bert/Observation")) == ["b-lab"]
    assert found(door.ask("anna", "GET", "Patient/bert/Observation")) == []
    assert told(door.ask("tasks", "GET", "Patient/bert/Observation")) == (403, "forbidden")
