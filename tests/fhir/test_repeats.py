from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from server.errors import Category, Fault
from server.fhir.repeats import placer_query, same_request
from server.query import NEVER, Query, Test, Token
from tests.world import EHR, task

BASE = "http://127.0.0.1:8080/fhir"
FIRST = task("Patient/p", "DiagnosticReport/d", "T-1")
AS_STORED = {**FIRST, "id": "t", "meta": {"versionId": "1"}, "lastModified": "2026-01-05T09:00:00Z"}
URN = "urn:uuid:6ec55b25-3fb8-4f2e-9f3c-2b0d6a2c9c11"


def changed(path: str, value: Any) -> dict[str, Any]:
    """FIRST with another value at a dotted path."""
    copy: Any = deepcopy(FIRST)
    *way, last = path.split(".")
    holder = copy
    for name in way:
        holder = holder[int(name)] if isinstance(holder, list) else holder[name]
    holder[last] = value
    return dict(copy)


@pytest.mark.parametrize(
    "again",
    [
        FIRST,
        {**FIRST, "id": "mine", "meta": {"source": "x:y"}, "text": {"status": "empty"}},
        changed("for.reference", f"{BASE}/Patient/p"),
        changed("for.reference", URN),
        changed("focus.reference", URN),
    ],
)
def test_the_same_request(again: dict[str, Any]) -> None:
    assert same_request(AS_STORED, again, BASE)


@pytest.mark.parametrize(
    "again",
    [
        changed("for.reference", "Patient/another"),
        changed("focus.reference", "DiagnosticReport/another"),
        changed("for.reference", "https://elsewhere.example/fhir/Patient/p"),
        changed("priority", "stat"),
        changed("input.0.valueCodeableConcept", {"text": "another question"}),
        changed("identifier", [*FIRST["identifier"], {"system": EHR, "value": "T-2"}]),
        {name: value for name, value in FIRST.items() if name != "authoredOn"},
    ],
)
def test_another_request(again: dict[str, Any]) -> None:
    assert not same_request(AS_STORED, again, BASE)


def test_asking_leaves_both_alone() -> None:
    again = changed("for.reference", f"{BASE}/Patient/p")
    before = deepcopy(again)
    same_request(AS_STORED, again, BASE)
    assert again == before


@pytest.mark.parametrize(
    ("identifiers", "test"),
    [
        ([{"system": "x", "value": "1"}, {"system": "y", "value": "2"}],
         Token("identifier", (("x", "1"), ("y", "2")))),
        ([{"value": "1"}, {"system": "y"}], NEVER),
        ([], NEVER),
    ],
)  # fmt: skip
def test_any_whole_identifier_is_known_again(identifiers: Any, test: Test) -> None:
    """F-044: one without a system is never a key."""
    assert placer_query({"identifier": identifiers}) == Query("Task", (test,))


def test_more_identifiers_than_anybody_looks_for() -> None:
    many = [{"system": "x", "value": str(number)} for number in range(51)]
    assert placer_query({"identifier": many[:50]})
    with pytest.raises(Fault) as caught:
        placer_query({"identifier": many})
    assert caught.value.category is Category.UNPROCESSABLE
    assert caught.value.issues[0].path == "Task.identifier"
