"""history of one, of a type, of all: newest first, page by page, and nothing under seal."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.world import World, observation, patient, send_case

pytestmark = pytest.mark.both_databases


def entries(world: World, path: str) -> list[tuple[str, str, str]]:
    """(method, url, version) of each entry of one page."""
    return [_told(each) for each in world.get(path).get("entry", [])]


def _told(entry: dict[str, Any]) -> tuple[str, str, str]:
    return entry["request"]["method"], entry["request"]["url"], entry["response"]["etag"].strip('W/"')


def pages(world: World, path: str) -> list[list[dict[str, Any]]]:
    """The entries of each page, following the links."""
    found = []
    while path:
        bundle = world.get(path)
        found.append(bundle.get("entry", []))
        links = {each["relation"]: each["url"] for each in bundle["link"]}
        path = _path(links["next"]) if "next" in links else ""
    return found


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path.removeprefix('/fhir/')}?{parts.query}"


def grown(world: World) -> tuple[str, str]:
    """A patient created, changed, deleted, brought back, minute by minute; an Observation of another."""
    who = patient(world, number="1")
    world.watch.forward(minutes=1)
    other = patient(world, number="2")
    world.post(observation(other, "26464-8", "1"))
    world.watch.forward(minutes=1)
    assert world.put({**world.get(who), "gender": "other"}).status_code == 200
    world.watch.forward(minutes=1)
    body = world.get(who)
    assert world.send("DELETE", who).status_code == 204
    world.watch.forward(minutes=1)
    assert world.send("PUT", who, body).status_code == 201
    return who, other


def test_each_entry_says_what_was_done_and_what_came_of_it(world: World) -> None:
    who, _ = grown(world)
    bundle = world.get(f"{who}/_history")
    assert (bundle["resourceType"], bundle["type"], bundle["total"]) == ("Bundle", "history", 4)
    assert [_told(each) for each in bundle["entry"]] == [
        ("PUT", who, "4"), ("DELETE", who, "3"), ("PUT", who, "2"), ("POST", "Patient", "1"),
    ]  # fmt: skip
    assert [each["response"]["status"] for each in bundle["entry"]] == ["200", "204", "200", "201"]
    assert ["resource" in each for each in bundle["entry"]] == [True, False, True, True]
    newest = bundle["entry"][0]
    assert newest["resource"]["meta"]["versionId"] == "4"
    assert newest["fullUrl"].endswith(f"/fhir/{who}")
    assert newest["response"]["location"].endswith(f"/fhir/{who}/_history/4")
    assert newest["response"]["lastModified"] == newest["resource"]["meta"]["lastUpdated"]


def test_of_a_type_and_of_all(world: World) -> None:
    who, other = grown(world)
    patients = [
        ("PUT", who, "4"), ("DELETE", who, "3"), ("PUT", who, "2"), ("POST", "Patient", "1"),
        ("POST", "Patient", "1"),
    ]  # fmt: skip
    assert entries(world, "Patient/_history") == patients
    assert world.get("Patient/_history")["total"] == 5
    assert entries(world, "_history") == [*patients[:3], ("POST", "Observation", "1"), *patients[3:]]
    assert entries(world, "Task/_history") == []
    assert other


@pytest.mark.parametrize("path", ["Patient/_history", "_history", "{who}/_history"])
@pytest.mark.parametrize("count", [1, 2, 3, 100])
def test_pages_hold_everything_once_and_in_order(world: World, path: str, count: int) -> None:
    who, _ = grown(world)
    path = path.format(who=who)
    whole = entries(world, path)
    read = pages(world, f"{path}?_count={count}")
    assert [_told(each) for page in read for each in page] == whole
    assert all(len(page) <= count for page in read)
    assert len(read) == -(-len(whole) // count)


def test_what_is_written_meanwhile_moves_nothing(world: World) -> None:
    grown(world)
    whole = entries(world, "_history")
    first = world.get("_history?_count=2")
    patient(world, number="3")
    rest = pages(world, _path(first["link"][1]["url"]))
    read = [*first["entry"], *(each for page in rest for each in page)]
    assert [_told(each) for each in read] == whole


def test_since(world: World) -> None:
    who, _ = grown(world)
    assert entries(world, "_history?_since=2026-01-05T09:03:00Z") == [("PUT", who, "4"), ("DELETE", who, "3")]
    assert entries(world, "_history?_since=2026-01-05T09:04:00.001Z") == []
    assert len(entries(world, f"{who}/_history?_since=2026-01-05T10:02:00%2B01:00")) == 3
    assert [len(p) for p in pages(world, "_history?_since=2026-01-05T09:02:00Z&_count=2")] == [2, 1]


@pytest.mark.parametrize(
    ("at", "versions"),
    [
        ("2026", ["4", "3", "2", "1"]),
        ("2026-01", ["4", "3", "2", "1"]),
        ("2026-01-05", ["4", "3", "2", "1"]),
        ("2026-01-04", []),
        ("2026-01-06", ["4"]),
        ("2026-01-05T09:00:00Z", ["1"]),
        ("2026-01-05T09:01:59Z", ["1"]),
        ("2026-01-05T09:02:00Z", ["2"]),
        ("2026-01-05T09:03:30Z", ["3"]),
        ("2026-01-05T10:03:30%2B01:00", ["3"]),
        ("2026-01-05T08:59:59Z", []),
    ],
)
def test_what_was_current_at_a_time(world: World, at: str, versions: list[str]) -> None:
    who, _ = grown(world)
    assert [version for _, _, version in entries(world, f"{who}/_history?_at={at}")] == versions


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("_count=-1", "value"),
        ("_count=abc", "value"),
        ("_since=yesterday", "value"),
        ("_since=2026-01-05", "value"),
        ("_at=2026-13-01", "value"),
        ("_sort=_lastUpdated", "not-supported"),
        ("_page=1", "invalid"),
        ("_page=1.2", "invalid"),
        ("_page=x.y.z", "invalid"),
        (f"_page={'9' * 30}.1.1", "invalid"),
    ],
)
@pytest.mark.parametrize("path", ["Patient/{id}/_history", "Patient/_history", "_history"])
def test_what_is_not_understood(world: World, path: str, query: str, code: str) -> None:
    """F-090, F-092."""
    answer = world.send("GET", f"{path.format(id=patient(world)[8:])}?{query}")
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (400, code)


def test_a_parameter_of_another_search(world: World) -> None:
    """F-085, F-086."""
    patient(world)
    assert len(entries(world, "Patient/_history?nickname=x&_sort=-_lastUpdated")) == 1
    assert "nickname" not in world.get("Patient/_history?nickname=x")["link"][0]["url"]
    strict = world.send("GET", "Patient/_history?nickname=x", b"", Prefer="handling=strict")
    assert (strict.status_code, strict.json["issue"][0]["code"]) == (400, "not-supported")


def test_a_page_holds_no_more_than_is_good(world: World) -> None:
    """F-091."""
    assert "_count=500" in world.get("_history?_count=1000000")["link"][0]["url"]
    assert world.get("_history?_count=0").get("entry") is None


def test_who_is_not_here(world: World) -> None:
    assert world.send("GET", "Patient/nobody/_history").status_code == 404
    assert world.send("GET", "Banana/_history").status_code == 404


def test_a_first_opinion_is_left_out_until_its_time(world: World) -> None:
    sent = send_case(world)
    place = f"DiagnosticReport/{sent.report['id']}"
    assert world.send("GET", f"{place}/_history").status_code == 403
    for path in ("_history", "DiagnosticReport/_history"):
        told = [each for page in pages(world, f"{path}?_count=2") for each in page]
        assert not [each for each in told if each["fullUrl"].endswith(place)]
    assert world.put({**sent.task, "status": "cancelled"}).status_code == 200
    world.run()
    assert len(entries(world, "DiagnosticReport/_history")) == 1
    assert len(entries(world, f"{place}/_history")) == 1


def test_the_past_of_one_resource_runs_in_one_direction(world: World) -> None:
    """A request that waited for its turn is written later with an earlier time: it does not look so."""
    who = patient(world)
    late = world.watch.time
    world.watch.forward(minutes=5)
    assert world.put({**world.get(who), "gender": "other"}).status_code == 200
    world.watch.time = late
    assert world.put({**world.get(who), "gender": "male"}).status_code == 200
    times = [each["response"]["lastModified"] for each in world.get(f"{who}/_history")["entry"]]
    assert times == sorted(times, reverse=True)
    assert [version for _, _, version in entries(world, "Patient/_history")] == ["3", "2", "1"]
