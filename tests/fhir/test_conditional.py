"""Criteria in place of an id: what they may be, and what they match."""

from __future__ import annotations

import pytest

from server.errors import Category, Fault
from server.fhir.conditional import condition, matching, one_at_most
from server.query import Chain, Has, Ids, Query, Token
from tests.fhir.query.asking import ALL
from tests.fhir.shelf import Shelf

IDENTIFIED = Query("Patient", (Token("identifier", (("x", "1"),)),))


@pytest.mark.parametrize(
    "query", ["identifier=x|1", "?identifier=x|1", "identifier=x|1&_format=json&_pretty=true&_count=1"]
)
def test_a_condition(query: str) -> None:
    assert condition("Patient", query, ALL) == IDENTIFIED


def test_a_condition_is_any_search() -> None:
    found = condition("Patient", "_id=a&organization.name=x&_has:Task:patient:status=requested", ALL)
    assert [type(each) for each in found.where] == [Ids, Chain, Has]


@pytest.mark.parametrize(
    ("type_", "query", "code"),
    [
        ("Patient", "", "required"),
        ("Patient", "?", "required"),
        ("Patient", "_count=1", "required"),
        ("Patient", "_sort=_id&_count=1", "required"),
        ("Patient", "identifier=1&x=2", "not-supported"),
        ("Patient", "identifier:exact=1", "not-supported"),
        ("Patient", "identifier=", "value"),
        ("Patient", "identifier", "value"),
        ("DiagnosticReport", "conclusion=x", "not-supported"),
        ("DiagnosticReport", "identifier=1&conclusion:not=x", "not-supported"),
    ],
)
def test_no_condition(type_: str, query: str, code: str) -> None:
    """F-087, F-088: an ignored criterion could match a stranger's resource."""
    with pytest.raises(Fault) as caught:
        condition(type_, query, ALL)
    assert caught.value.category is Category.INCORRECT
    assert [each.code for each in caught.value.issues] == [code]


def shelf(*ids: str) -> Shelf:
    return Shelf(
        *({"resourceType": "Patient", "id": i, "identifier": [{"system": "x", "value": "1"}]} for i in ids)
    )


def test_two_are_enough_to_know_that_there_is_more_than_one() -> None:
    assert [each.id for each in matching(shelf("a", "b", "c"), IDENTIFIED)] == ["a", "b"]
    assert [each.id for each in matching(shelf("a", "b", "c"), IDENTIFIED, {"a", "b"})] == ["c"]


def test_one_at_most() -> None:
    [only] = matching(shelf("a"), IDENTIFIED)
    assert one_at_most([only], "") == only
    assert one_at_most([], "") is None
    with pytest.raises(Fault) as caught:
        one_at_most([only, only], "here")
    assert (caught.value.category, caught.value.issues[0].path) == (Category.STALE, "here")
