"""Whole searches: what is applied, what is ignored, what is never ignored."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.errors import Fault
from server.fhir.bindings import KEPT
from server.fhir.definitions.parameters import PARAMETERS
from server.fhir.query.asked import asked, pairs_of
from server.fhir.query.asker import Asker
from server.query import NEVER, Kind, Query, Sort, Token
from tests.fhir.query.asking import BASE, NOW, refusal, search


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("", []),
        ("a=1&b=2", [("a", "1"), ("b", "2")]),
        ("a=1&a=2", [("a", "1"), ("a", "2")]),
        ("a=", [("a", "")]),
        ("a=x+y%20z%2B", [("a", "x y z+")]),
        ("a=%2526", [("a", "%26")]),
        ("a=1=2", [("a", "1=2")]),
    ],
)
def test_queries(query, pairs):
    assert pairs_of(query) == pairs


@pytest.mark.parametrize("query", ["a", "a=1&&b", "&", "a=1&" * 101 + "a=1", "%%%"])
def test_no_queries(query):
    assert refusal(pairs_of, query).code == "value"


def test_a_search():
    found = search("Task", "status=requested&owner=PractitionerRole/r&_sort=-authored-on&_count=7")
    status, owner = found.query.where
    assert found.query == Query("Task", (status, owner), (Sort("authored-on", Kind.DATE, descending=True),))
    assert status == Token("status", ((None, "requested"),))
    assert found.applied == (
        ("status", "requested"), ("owner", "PractitionerRole/r"), ("_sort", "-authored-on"),
    )  # fmt: skip
    assert (found.ignored, found.controls.count) == (0, 7)


def test_an_unknown_parameter_is_ignored_and_counted():
    """F-085."""
    found = search("Patient", "nickname=x&_id=a&zebedee:exact=y")
    assert (len(found.query.where), found.ignored, found.applied) == (1, 2, (("_id", "a"),))


def test_strict_tells_where_it_stands_and_what_there_is():
    """F-086; the name itself is not told, as it may be anything."""
    issue = refusal(search, "Patient", "_id=a&nickname=x", strict=True)
    assert issue.code == "not-supported"
    assert issue.text.startswith("parameter 2 of the search is none of Patient; accepted: _has, _id,")
    assert search("Patient", "_id=a&_count=1", strict=True).ignored == 0


@pytest.mark.parametrize(
    "query",
    ["identifier:exact=x", "code.x=1", "_text=x", "_filter=x", "_list=x", "_type=x"],
)
def test_what_would_widen_the_search_is_never_ignored(query):
    """F-097, F-100."""
    assert refusal(search, "Observation", query).code == "not-supported"


def test_a_search_of_too_many_values_is_refused_whole():
    hundred = ",".join(str(number) for number in range(100))
    assert len(search("Patient", "&".join([f"identifier={hundred}"] * 5)).query.where) == 5
    assert refusal(search, "Patient", "&".join([f"identifier={hundred}"] * 6)).code == "too-costly"


def test_who_may_see_only_some_asks_for_these():
    own = Token("_security", ((None, "mine"),))
    assert search("Task", "", asker=Asker(BASE, NOW, lambda _: own)).query == Query("Task", (own,))
    assert search("Task", "", asker=Asker(BASE, NOW, lambda _: None)).query == Query("Task", (NEVER,))


NAMES = [
    *sorted({code for type_ in KEPT for code in PARAMETERS[type_]}),
    "_count", "_sort", "_include", "_revinclude", "_summary", "_elements", "_total", "_page", "_pretty",
]  # fmt: skip
PIECES = st.sampled_from(
    [*NAMES, *KEPT, ":", ".", ",", "|", "$", "\\", "-", "missing", "not", "exact", "iterate", "ge", "ap",
     "2026", "-01", "T09:30", "1e2", "5.4", "true", "Patient/p", "http://x", "*", " ", "\0", "é", "\ud800"]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=6).map("".join)
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES) | TEXTS, TEXTS), max_size=4)


@given(type_=st.sampled_from(KEPT), pairs=PAIRS, strict=st.booleans())
@example("Patient", [("birthdate", "ap9999-12-31")], True)
def test_anything_is_either_understood_or_refused(type_, pairs, strict):
    with contextlib.suppress(Fault):
        asked(type_, pairs, Asker(BASE, NOW), strict=strict)
