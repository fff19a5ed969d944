"""read, vread and history."""

from __future__ import annotations

import pytest

from tests.world import World, patient


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


def test_history_is_newest_first_and_says_how_each_came(world: World) -> None:
    who = twice(world)
    bundle = world.get(f"{who}/_history")
    assert (bundle["type"], bundle["total"]) == ("history", 2)
    assert [each["request"] for each in bundle["entry"]] == [
        {"method": "PUT", "url": who},
        {"method": "POST", "url": "Patient"},
    ]
    assert [each["response"]["etag"] for each in bundle["entry"]] == ['W/"2"', 'W/"1"']
    assert [each["resource"]["meta"]["versionId"] for each in bundle["entry"]] == ["2", "1"]


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
