"""$everything: the record of one patient, of nobody else, and nothing under seal."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.world import SPECIALTY, VIRAL, World, answer_as, doctor, observation, patient, send_case

pytestmark = pytest.mark.both_databases


def record(world: World, who: str, query: str = "") -> list[str]:
    """Type/id of each entry, over all pages."""
    found: list[str] = []
    path = f"{who}/$everything{query}"
    while path:
        bundle = world.get(path)
        assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
        found += [_name(each) for each in bundle.get("entry", [])]
        links = {each["relation"]: urlsplit(each["url"]) for each in bundle["link"]}
        following = links.get("next")
        path = f"{following.path.removeprefix('/fhir/')}?{following.query}" if following else ""
    return found


def _name(entry: dict[str, Any]) -> str:
    return f"{entry['resource']['resourceType']}/{entry['resource']['id']}"


def types(found: list[str]) -> list[str]:
    return sorted(each.partition("/")[0] for each in found)


def test_what_refers_to_the_patient_and_who_is_named_there(world: World) -> None:
    sent = send_case(world)
    other = send_case(world, number="T-2")
    found = record(world, sent.patient)
    assert types(found) == [
        "Observation", "Observation", "Organization", "Patient", "Practitioner", "PractitionerRole", "Task",
    ]  # fmt: skip
    assert len(found) == len(set(found))
    assert other.patient not in found
    assert sent.role in found


def test_a_first_opinion_is_left_out_until_its_time(world: World) -> None:
    sent = send_case(world)
    assert not [each for each in record(world, sent.patient) if each.startswith("DiagnosticReport")]
    assert world.put({**sent.task, "status": "cancelled"}).status_code == 200
    world.run()
    assert f"DiagnosticReport/{sent.report['id']}" in record(world, sent.patient)


@pytest.mark.parametrize("count", [1, 2, 3, 500])
def test_pages_hold_everything_once(world: World, count: int) -> None:
    sent = send_case(world)
    whole = record(world, sent.patient)
    assert record(world, sent.patient, f"?_count={count}") == whole


def test_what_comes_meanwhile_moves_nothing(world: World) -> None:
    sent = send_case(world)
    whole = record(world, sent.patient)
    first = world.get(f"{sent.patient}/$everything?_count=2")
    world.post(observation(sent.patient, "26464-8", "7"))
    url = urlsplit(next(each["url"] for each in first["link"] if each["relation"] == "next"))
    rest = world.get(f"{url.path.removeprefix('/fhir/')}?{url.query.replace('_count=2', '_count=500')}")
    read = [_name(each) for each in [*first["entry"], *rest["entry"]]]
    assert read[: len(whole)] == whole


def test_by_type(world: World) -> None:
    sent = send_case(world)
    assert types(record(world, sent.patient, "?_type=Observation,Task")) == [
        "Observation",
        "Observation",
        "Task",
    ]
    assert types(record(world, sent.patient, "?_type=Practitioner")) == ["Practitioner"]


def test_since(world: World) -> None:
    sent = send_case(world)
    world.watch.forward(hours=1)
    late = world.post(observation(sent.patient, "26464-8", "7"))
    found = record(world, sent.patient, "?_since=2026-01-05T09:30:00Z")
    assert found == [f"Observation/{late['id']}"]


def test_by_time_of_care(world: World) -> None:
    who = patient(world)
    early, late = (
        f"Observation/{world.post(observation(who, '26464-8', '1', effectiveDateTime=day))['id']}"
        for day in ("2025-01-05", "2026-01-05T07:00:00Z")
    )
    assert record(world, who, "?start=2025-06") == [who, late]
    assert record(world, who, "?end=2025-06") == [who, early]
    assert record(world, who, "?start=2025-01-05&end=2025-01-05") == [who, early]
    assert record(world, who, "?start=2024&end=2026") == [who, early, late]


def test_asked_by_post(world: World) -> None:
    sent = send_case(world)
    parts = [
        {"name": "_type", "valueCode": "Observation"},
        {"name": "_type", "valueCode": "Task"},
        {"name": "_count", "valueInteger": 2},
        {"name": "start", "valueDate": "2025-01-01"},
    ]
    answer = world.send(
        "POST", f"{sent.patient}/$everything", {"resourceType": "Parameters", "parameter": parts}
    )
    assert answer.status_code == 200
    assert len(answer.json["entry"]) == 2
    query = next(each["url"] for each in answer.json["link"] if each["relation"] == "next")
    assert all(each in query for each in ("start=2025-01-01", "_count=2", "_type=Observation%2CTask"))


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?start=yesterday", 400, "value"),
        ("?end=2026-13-01", 400, "value"),
        ("?_since=2026-01-05", 400, "value"),
        ("?_count=x", 400, "value"),
        ("?_type=Banana", 404, "not-supported"),
        ("?_page=x", 400, "invalid"),
        ("?nickname=x", 400, "not-supported"),
    ],
)
def test_what_is_not_understood(world: World, query: str, status: int, code: str) -> None:
    answer = world.send("GET", f"{patient(world)}/$everything{query}")
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (status, code)


def test_who_is_not_here_or_not_any_more(world: World) -> None:
    assert world.send("GET", "Patient/nobody/$everything").status_code == 404
    who = patient(world)
    world.send("DELETE", who)
    assert world.send("GET", f"{who}/$everything").status_code == 410
    assert world.send("GET", "Task/x/$everything").status_code == 404


def test_another_patient_does_not_come_along(world: World) -> None:
    """A link says that two records are of one person; it does not make the other record part of this one."""
    one, other = patient(world, number="1"), patient(world, number="2")
    world.post(observation(other, "26464-8", "1"))
    linked = {**world.get(one), "link": [{"other": {"reference": other}, "type": "seealso"}]}
    assert world.put(linked).status_code == 200
    assert record(world, one) == [one]
    assert one in record(world, other), "whoever links to a patient is in their compartment (R4)"
    about = observation(one, "26464-8", "1", focus=[{"reference": other}])
    assert f"Observation/{world.post(about)['id']}" not in record(world, other)


def test_the_record_of_a_case_that_is_over(world: World) -> None:
    role = doctor(world, "Farah", "Other House", SPECIALTY)
    sent = send_case(world, VIRAL)
    world.run()
    before = types(record(world, sent.patient))
    assert ("ServiceRequest" in before, "DiagnosticReport" in before) == (True, False)
    answer_as(world, role, VIRAL)
    world.run()
    after = types(record(world, sent.patient))
    assert after.count("DiagnosticReport") == 3, "the first, the specialist's, and ours"
    assert "Device" in after
