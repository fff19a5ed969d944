"""Criteria in place of an id: what they may be, and what they match."""

from __future__ import annotations

import pytest

from server.errors import Category, Fault
from server.fhir.conditional import criteria, matching, one_at_most
from server.ports import Criterion
from tests.fhir.shelf import Shelf

IDENTIFIED = criteria("Patient", "identifier=x|1")


@pytest.mark.parametrize(
    "query", ["identifier=x|1", "?identifier=x|1", "identifier=x|1&_format=json&_pretty=true&_count=1"]
)
def test_a_condition(query: str) -> None:
    assert criteria("Patient", query) == (Criterion("identifier", (("x", "1"),)),)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "required"),
        ("?", "required"),
        ("_count=1", "required"),
        ("_sort=_id&_count=1", "required"),
        ("identifier=1&x=2", "not-supported"),
        ("_has:Observation:patient:code=1", "not-supported"),
    ],
)
def test_no_condition(query: str, code: str) -> None:
    """F-087, F-088: an ignored criterion could match a stranger's resource."""
    with pytest.raises(Fault) as caught:
        criteria("Patient", query)
    assert caught.value.category is Category.INCORRECT
    assert [each.code for each in caught.value.issues] == [code]


def shelf(*ids: str) -> Shelf:
    return Shelf(
        *({"resourceType": "Patient", "id": i, "identifier": [{"system": "x", "value": "1"}]} for i in ids)
    )


def test_two_are_enough_to_know_that_there_is_more_than_one() -> None:
    assert [each.id for each in matching(shelf("a", "b", "c"), "Patient", IDENTIFIED)] == ["a", "b"]
    assert [each.id for each in matching(shelf("a", "b", "c"), "Patient", IDENTIFIED, {"a", "b"})] == ["c"]


def test_one_at_most() -> None:
    [only] = matching(shelf("a"), "Patient", IDENTIFIED)
    assert one_at_most([only], "") == only
    assert one_at_most([], "") is None
    with pytest.raises(Fault) as caught:
        one_at_most([only, only], "here")
    assert (caught.value.category, caught.value.issues[0].path) == (Category.STALE, "here")
