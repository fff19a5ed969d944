"""read and vread, conditional too."""

from __future__ import annotations

import pytest

from tests.world import World, observation, patient, send_case

pytestmark = pytest.mark.both_databases


def twice(world: World) -> str:
    """A patient with two versions."""
    who = patient(world)
    assert world.put({**world.get(who), "gender": "other"}).status_code == 200
    return who


def test_each_version_reads_back(world: World) -> None:
    who = twice(world)
    now, first, second = (world.send("GET", f"{who}{end}") for end in ("", "/_history/1", "/_history/2"))
    assert now.data == second.data
    assert (now.headers["ETag"], first.headers["ETag"]) == ('W/"2"', 'W/"1"')
    assert "gender" not in first.json
    assert first.json["meta"]["versionId"] == "1"


@pytest.mark.parametrize(
    ("etag", "status"),
    [
        ('W/"2"', 304),
        ('"2"', 304),
        ("*", 304),
        ('W/"1", W/"2"', 304),
        ('"a,b",W/"2"', 304),
        ('W/"1"', 200),
        ('W/"1", "x"', 200),
        ('"of-another-server"', 200),
        ('""', 200),
        ("2", 400),
        ('W/"2', 400),
        ('W/"1" W/"2"', 400),
    ],
)
def test_if_none_match(world: World, etag: str, status: int) -> None:
    answer = world.send("GET", twice(world), b"", If_None_Match=etag)
    assert answer.status_code == status
    if status == 304:
        assert answer.data == b""
        assert answer.headers["ETag"] == 'W/"2"'


@pytest.mark.parametrize(
    "path", ["Patient/nobody", "Patient/nobody/_history", "Patient/nobody/_history/1", f"Patient/{'a' * 65}"]
)
def test_what_is_not_here(world: World, path: str) -> None:
    answer = world.send("GET", path)
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (404, "not-found")
    assert "nobody" not in answer.text


@pytest.mark.parametrize(
    ("date", "status"),
    [
        ("Mon, 05 Jan 2026 09:00:00 GMT", 304),
        ("Mon, 05 Jan 2026 09:00:01 GMT", 304),
        ("Mon, 05 Jan 2026 08:59:59 GMT", 200),
        ("Mon, 05 Jan 2026 09:00:00", 304),
        ("yesterday", 200),
        ("", 200),
    ],
)
def test_if_modified_since(world: World, date: str, status: int) -> None:
    """What is no date is not looked at (RFC 9110 section 13.1.3)."""
    answer = world.send("GET", patient(world), b"", If_Modified_Since=date)
    assert (answer.status_code, answer.headers["ETag"]) == (status, 'W/"1"')
    assert (answer.data == b"") is (status == 304)


def test_a_tag_is_asked_before_a_date(world: World) -> None:
    who = patient(world)
    later = {"If_Modified_Since": "Tue, 06 Jan 2026 09:00:00 GMT"}
    assert world.send("GET", who, b"", If_None_Match='W/"7"', **later).status_code == 200
    assert world.send("GET", f"{who}/_history/1", b"", If_None_Match='W/"1"').status_code == 304


def test_a_head_is_a_read_without_its_body(world: World) -> None:
    who = patient(world)
    read, head = (world.send(method, who) for method in ("GET", "HEAD"))
    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Last-Modified", "Content-Type", "Content-Length"):
        assert head.headers[name] == read.headers[name]
    assert world.send("HEAD", "Patient/nobody").status_code == 404
    assert world.send("HEAD", who, b"", If_None_Match='W/"1"').status_code == 304
    for path in ("Patient", f"{who}/_history", "_history", "metadata", f"{who}/$everything"):
        assert (world.send("HEAD", path).status_code, world.send("HEAD", path).data) == (200, b"")


def test_a_first_opinion_is_not_shown_however_it_is_read(world: World) -> None:
    sent = send_case(world)
    path = f"DiagnosticReport/{sent.report['id']}"
    for place in (path, f"{path}/_history/1", f"{path}/_history"):
        for fields in (
            {},
            {"If_None_Match": 'W/"1"'},
            {"If_Modified_Since": "Tue, 06 Jan 2026 09:00:00 GMT"},
        ):
            answer = world.send("GET", place, b"", **fields)
            assert (answer.status_code, answer.json["issue"][0]["code"]) == (403, "suppressed")
        assert world.send("HEAD", place).status_code == 403


def test_a_part_of_it(world: World) -> None:
    """R4 search.html#summary, #elements: reads know them too; what is cut is marked."""
    made = world.post(observation(patient(world), "26464-8", "1", note=[{"text": "x"}]))
    path = f"Observation/{made['id']}"
    for query, kept in (
        ("_elements=status", {"resourceType", "id", "meta", "status", "code"}),
        ("_summary=text", {"resourceType", "id", "meta", "status", "code"}),
        ("_summary=true", made.keys() - {"note"}),
        ("_summary=data", made.keys()),
        ("_summary=false", made.keys()),
    ):
        answer = world.send("GET", f"{path}?{query}")
        assert (answer.status_code, answer.json.keys()) == (200, kept), query
        tags = [each["code"] for each in answer.json["meta"].get("tag", [])]
        assert tags == ([] if query == "_summary=false" else ["SUBSETTED"])
    assert world.get(f"{path}/_history/1?_elements=status")["status"] == "final"
    for query in ("_summary=count", "_summary=x", "_elements=nickname", "_summary=true&_summary=text"):
        assert world.send("GET", f"{path}?{query}").status_code == 400


def test_pretty(world: World) -> None:
    assert b"\n  " in world.send("GET", f"{patient(world)}?_pretty=true").data
