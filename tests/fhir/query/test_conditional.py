"""Conditions of writes: F-087, F-088."""

from __future__ import annotations

import pytest

from server.fhir.query.conditional import conditional
from server.query import Has, Ids, Query, Token
from tests.fhir.query.asking import ALL, refusal


@pytest.mark.parametrize("query", ["identifier=x|1", "?identifier=x|1", "identifier=x|1&_format=json"])
def test_a_condition(query):
    assert conditional("Patient", query, ALL) == Query("Patient", (Token("identifier", (("x", "1"),)),))


def test_a_condition_is_any_search():
    found = conditional("Patient", "_id=a&_has:Task:patient:status=requested", ALL)
    assert found.where == (Ids(("a",)), Has("Task", "patient", (Token("status", ((None, "requested"),)),)))


@pytest.mark.parametrize(
    ("type_", "query", "code"),
    [
        ("Patient", "", "required"),
        ("Patient", "?", "required"),
        ("Patient", "_count=1", "not-supported"),
        ("Patient", "_sort=name", "not-supported"),
        ("Patient", "identifier=1&x=2", "not-supported"),
        ("Patient", "identifier=", "value"),
        ("Patient", "identifier", "value"),
        ("DiagnosticReport", "conclusion=x", "not-supported"),
        ("DiagnosticReport", "identifier=1&conclusion:not=x", "not-supported"),
    ],
)
def test_no_condition(type_, query, code):
    assert refusal(conditional, type_, query, ALL).code == code
