from __future__ import annotations

import pytest

from server.fhir.query.controls import Summary, Total
from server.query import Kind, Sort
from tests.fhir.query.asking import refusal, search


def controls(query, type_="Patient"):
    return search(type_, query).controls


def test_nothing_said():
    chosen = controls("")
    assert (chosen.count, chosen.sort, chosen.summary, chosen.elements) == (50, (), Summary.WHOLE, ())
    assert (chosen.total, chosen.page) == (None, None)


@pytest.mark.parametrize(
    ("query", "count", "summary"),
    [
        ("_count=10", 10, Summary.WHOLE),
        ("_count=99999", 500, Summary.WHOLE),
        ("_count=0", 0, Summary.COUNT),
        ("_summary=count", 0, Summary.COUNT),
        ("_summary=count&_count=5", 0, Summary.COUNT),
        ("_summary=true&_count=5", 5, Summary.TRUE),
    ],
)
def test_how_many(query, count, summary):
    assert (controls(query).count, controls(query).summary) == (count, summary)


def test_the_rest_of_them():
    chosen = controls("_total=accurate&_elements=name,birthDate&_page=abc&_format=json")
    assert (chosen.total, chosen.elements, chosen.page) == (Total.ACCURATE, ("name", "birthDate"), "abc")
    assert controls("_elements=value,valueQuantity", "Observation").elements == ("value", "valueQuantity")


def test_order():
    assert controls("_sort=-birthdate,name,_id,-_lastUpdated,organization").sort == (
        Sort("birthdate", Kind.DATE, descending=True),
        Sort("name", Kind.TEXT),
        Sort("_id", Kind.ID),
        Sort("_lastUpdated", Kind.UPDATED, descending=True),
        Sort("organization", Kind.REFERENCE),
    )
    assert controls("_sort=value-quantity,code", "Observation").sort == (
        Sort("value-quantity", Kind.NUMBER),
        Sort("code", Kind.TOKEN),
    )


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("_count=-1", "_count: a whole number"),
        ("_count=abc", "_count: a whole number"),
        ("_count=", "_count: a whole number"),
        ("_count=%C2%B2", "_count: a whole number"),
        ("_count=100001", "_count: a whole number"),
        ("_count=" + "9" * 5_000, "_count: a whole number"),
        ("_count=1&_count=2", "_count: it is accepted once"),
        ("_count:exact=1", "_count: this modifier"),
        ("_sort=", "_sort: parameters are accepted"),
        ("_sort=banana", "_sort: parameters are accepted"),
        ("_sort=-", "_sort: parameters are accepted"),
        ("_sort=name:exact", "_sort: parameters are accepted"),
        ("_sort=name,name,name,name,name,name", "_sort: up to 5"),
        ("_summary=some", "_summary: accepted: false, true, text, data, count"),
        ("_total=exact", "_total: accepted: none, estimate, accurate"),
        ("_elements=", "_elements: elements of Patient"),
        ("_elements=name,banana", "_elements: elements of Patient"),
        ("_elements=name.family", "_elements: elements of Patient"),
        ("_contained=true", "_contained: contained resources"),
    ],
)
def test_what_is_not_understood(query, says):
    """F-090, F-091."""
    issue = refusal(search, "Patient", query)
    assert issue.text.startswith(says)
    assert "banana" not in issue.text
