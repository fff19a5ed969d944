from __future__ import annotations

import pytest

from server.errors import Category, Fault
from server.fhir.criteria import conditional, criterion, known, many, parse_query
from server.fhir.index import PARAMETERS
from server.ports import Criterion

BASE = "https://sr.example/fhir"


def refusal(act, *arguments):
    """``criterion`` and the like take our own base last; what they refuse does not hang on it."""
    with pytest.raises(Fault) as caught:
        act(*arguments, *([BASE] if act is not parse_query else []))
    assert caught.value.category is Category.INCORRECT
    [issue] = caught.value.issues
    return issue


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
def test_queries(query: str, pairs: list[tuple[str, str]]) -> None:
    assert parse_query(query) == pairs


@pytest.mark.parametrize("query", ["a", "a=1&&b", "&", "a=1&" * 101 + "a=1"])
def test_no_queries(query: str) -> None:
    assert refusal(parse_query, query).code == "value"


@pytest.mark.parametrize(
    ("type_", "name", "text", "values"),
    [
        ("Patient", "_id", "a,b", ((None, "a"), (None, "b"))),
        ("Patient", "identifier", "1", ((None, "1"),)),
        ("Patient", "identifier", "x|1", (("x", "1"),)),
        ("Patient", "identifier", "|1", (("", "1"),)),
        ("Patient", "identifier", "http://x|y|1", (("http://x|y", "1"),)),
        ("Observation", "patient", "p", (("", "Patient/p"),)),
        ("Observation", "patient", "Patient/p", (("", "Patient/p"),)),
        ("Observation", "subject", "Patient/p/_history/1", (("", "Patient/p"),)),
        ("Task", "status", "requested,,accepted", ((None, "requested"), (None, "accepted"))),
        ("Patient", "identifier", r"x|a\,b,c", (("x", "a,b"), (None, "c"))),
        ("Patient", "identifier", r"x|a\|b", (("x", "a|b"),)),
        ("Patient", "identifier", r"a\|b", ((None, "a|b"),)),
        ("Patient", "identifier", r"x|a\\,b", (("x", "a\\"), (None, "b"))),
        ("Patient", "identifier", r"x\\|a", (("x\\", "a"),)),
        ("Patient", "identifier", r"x|a\$b", (("x", "a$b"),)),
        ("Patient", "identifier", r"x|a\b", (("x", r"a\b"),)),
        ("Patient", "identifier", "x|a\\", (("x", "a\\"),)),
        ("Observation", "patient", f"{BASE}/Patient/p", (("", "Patient/p"),)),
        ("Observation", "subject", f"{BASE}/Patient/p/_history/2", (("", "Patient/p"),)),
        ("Observation", "subject", "https://x.example/Patient/p", (("", "https://x.example/Patient/p"),)),
        ("Observation", "subject", "urn:uuid:1", (("", "urn:uuid:1"),)),
    ],
)
def test_one_parameter(type_: str, name: str, text: str, values: tuple[tuple[str | None, str], ...]) -> None:
    assert criterion(type_, name, text, BASE) == Criterion(name, values)


def test_an_id_alone_may_be_of_any_type_that_is_served() -> None:
    values = criterion("Observation", "subject", "p", BASE).values
    assert {target for _, target in values} == {f"{type_}/p" for type_ in PARAMETERS}


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("nickname", "x", "not-supported"),
        ("identifier:exact", "x", "not-supported"),
        ("identifier", "", "value"),
        ("identifier", ",,", "value"),
        ("identifier", "x|", "not-supported"),
        ("identifier", ",".join("x" * 101), "too-costly"),
        ("_id", "," * 1_000_000, "too-costly"),
    ],
)
def test_no_parameter(name: str, text: str, code: str) -> None:
    issue = refusal(criterion, "Patient", name, text)
    assert issue.code == code
    assert "nickname" not in issue.text


def test_the_refusal_of_an_unknown_parameter_names_the_known() -> None:
    assert "identifier" in refusal(criterion, "Patient", "nickname", "x").text


def test_all_of_several_parameters() -> None:
    assert [
        each.param for each in many("Task", [("status", "requested"), ("owner", "PractitionerRole/r")], BASE)
    ] == [
        "status",
        "owner",
    ]


def test_a_search_of_too_many_values_is_refused_whole() -> None:
    hundred = ",".join(str(number) for number in range(100))
    assert len(many("Patient", [("identifier", hundred)] * 5, BASE)) == 5
    assert refusal(many, "Patient", [("identifier", hundred)] * 6).code == "too-costly"


@pytest.mark.parametrize("query", ["identifier=x|1", "?identifier=x|1"])
def test_a_condition(query: str) -> None:
    assert conditional("Patient", query, BASE) == (Criterion("identifier", (("x", "1"),)),)


def test_how_the_answer_is_written_is_no_condition() -> None:
    """R4 http.html#parameters: _format and _pretty may stand in any request."""
    wish = "_format=xml&_pretty=true"
    assert conditional("Patient", f"identifier=1&{wish}", BASE) == conditional(
        "Patient", "identifier=1", BASE
    )
    assert refusal(conditional, "Patient", wish).code == "required"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "required"),
        ("?", "required"),
        ("_count=1", "not-supported"),
        ("identifier=1&x=2", "not-supported"),
    ],
)
def test_no_condition(query: str, code: str) -> None:
    """F-087, F-088: an ignored criterion could match a stranger's resource."""
    assert refusal(conditional, "Patient", query).code == code


def test_ids_are_known_for_every_type() -> None:
    assert known("Device", "_id")
    assert not known("Device", "status")
