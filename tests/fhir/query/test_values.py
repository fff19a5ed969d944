"""Values by kind of parameter and modifier: R4 search.html#ptypes, row by row."""

from __future__ import annotations

from decimal import Decimal

import pytest

from server.query import (
    AllOf,
    Amount,
    AnyOf,
    Composite,
    Date,
    Ids,
    Kind,
    Match,
    Missing,
    Moment,
    Not,
    Number,
    Prefix,
    Reference,
    Text,
    Token,
    Updated,
    Uri,
)
from tests.fhir.query.asking import BASE, at, one, refusal

D = Decimal
P = Prefix


# -- tokens --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "name", "text", "pairs"),
    [
        ("Patient", "identifier", "1", [(None, "1")]),
        ("Patient", "identifier", "s|1", [("s", "1")]),
        ("Patient", "identifier", "|1", [("", "1")]),
        ("Patient", "identifier", "s|", [("s", None)]),
        ("Patient", "identifier", r"http://x\|y|1\,2", [("http://x|y", "1,2")]),
        ("Patient", "identifier", "a,,s|b", [(None, "a"), ("s", "b")]),
        ("Task", "status", "http://hl7.org/fhir/task-status|requested", [("", "requested")]),
        ("Task", "status", "http://hl7.org/fhir/task-status|banana",
         [("http://hl7.org/fhir/task-status", "banana")]),
        ("Patient", "gender", "http://hl7.org/fhir/administrative-gender|",
         [("", "female"), ("", "male"), ("", "other"), ("", "unknown")]),
        ("Patient", "gender", "http://other|male", [("http://other", "male")]),
        ("Observation", "code", "http://hl7.org/fhir/task-status|requested",
         [("http://hl7.org/fhir/task-status", "requested")]),
    ],
)  # fmt: skip
def test_tokens(type_, name, text, pairs):
    assert one(type_, name, text) == Token(name, tuple(pairs))


def test_token_modifiers():
    assert one("Task", "status:not", "requested,draft") == Not(
        Token("status", ((None, "requested"), (None, "draft")))
    )
    assert one("Task", "code:text", "Second") == Text("code:text", ("Second",))
    typed = Token("identifier:of-type", (("http://s|PLAC", "1"),))
    assert one("Task", "identifier:of-type", "http://s|PLAC|1") == typed
    assert one("Task", "identifier:ofType", "http://s|PLAC|1") == typed
    assert one("Task", "code:missing", "true") == Missing("code", Kind.TOKEN, True)


# -- strings and uris ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "name", "text", "test"),
    [
        ("Patient", "name", "Eve,Ann", Text("name", ("Eve", "Ann"))),
        ("Patient", "name:contains", "%", Text("name", ("%",), Match.CONTAINS)),
        ("Patient", "name:exact", r" a\,b", Text("name", (" a,b",), Match.EXACT)),
        ("Patient", "name:missing", "false", Missing("name", Kind.TEXT, False)),
        ("Patient", "phonetic", "Smith",
         AnyOf((AllOf((Text("phonetic", ("S530",), Match.EXACT),)),))),
        ("Device", "url", "http://x/", Uri("url", ("http://x/",))),
        ("Task", "_profile:below", "http://x", Uri("_profile", ("http://x",), Match.BELOW)),
        ("Task", "_profile:above", "http://x", Uri("_profile", ("http://x",), Match.ABOVE)),
        ("Task", "_profile:missing", "true", Missing("_profile", Kind.TOKEN, True)),
    ],
)  # fmt: skip
def test_strings_and_uris(type_, name, text, test):
    assert one(type_, name, text) == test


# -- references ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "name", "text", "targets"),
    [
        ("Observation", "patient", "p", ["Patient/p"]),
        ("Observation", "patient", "Patient/p", ["Patient/p"]),
        ("Observation", "subject", "p", ["Device/p", "Location/p", "Patient/p"]),
        ("Observation", "subject", "Patient/p/_history/1", ["Patient/p"]),
        ("Observation", "subject", "Group/g", ["Group/g"]),
        ("Observation", "subject:Patient", "p", ["Patient/p"]),
        ("Observation", "subject:Patient", "Patient/p", ["Patient/p"]),
        ("Observation", "subject", f"{BASE}/Patient/p", ["Patient/p"]),
        ("Observation", "subject:Patient", f"{BASE}/Patient/p", ["Patient/p"]),
        ("Observation", "subject", "https://ehr.example/Patient/p", ["https://ehr.example/Patient/p"]),
        ("Observation", "subject", "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
         ["urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"]),
        ("Task", "encounter", "e", ["Encounter/e"]),
        ("Encounter", "account", "e", []),
    ],
)  # fmt: skip
def test_references(type_, name, text, targets):
    assert one(type_, name, text) == Reference(name.partition(":")[0], tuple(targets))


def test_reference_modifiers():
    assert one("Task", "owner:missing", "true") == Missing("owner", Kind.REFERENCE, True)
    assert one("Task", "owner:identifier", "s|1") == Token("owner:identifier", (("s", "1"),))


# -- dates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01", Moment(P.EQ, at(2026, 1, 1), at(2026, 2, 1))),
        ("eq2026-01", Moment(P.EQ, at(2026, 1, 1), at(2026, 2, 1))),
        ("ge2026", Moment(P.GE, at(2026, 1, 1), at(2027, 1, 1))),
        ("lt2026-01-05T09:30", Moment(P.LT, at(2026, 1, 5, 9, 30), at(2026, 1, 5, 9, 31))),
        ("sa2026-01-05T09:30:00+02:00", Moment(P.SA, at(2026, 1, 5, 7, 30), at(2026, 1, 5, 7, 30, 1))),
        # A tenth of the way from today, 2026-01-05: ten days of a hundred.
        ("ap2026-04-15", Moment(P.AP, at(2026, 4, 5), at(2026, 4, 26))),
        ("ap2025-09-26", Moment(P.AP, at(2025, 9, 16), at(2025, 10, 7))),
        ("ap2026-01", Moment(P.AP, at(2026, 1, 1), at(2026, 2, 1))),
    ],
)  # fmt: skip
def test_dates(text, moment):
    assert one("Task", "authored-on", text) == Date("authored-on", (moment,))
    assert one("Task", "_lastUpdated", text) == Updated((moment,))


@pytest.mark.parametrize("text", ["ap0001", "ap9999"])
def test_about_the_ends_of_the_calendar(text):
    [moment] = one("Patient", "birthdate", text).any_of
    assert moment.low < moment.high


# -- numbers and quantities ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("100", "99.5", "100.5"),
        ("100.00", "99.995", "100.005"),
        ("1e2", "95", "105"),
        ("1.0e2", "95", "105"),
        ("1.00e2", "99.5", "100.5"),
        ("-5", "-5.5", "-4.5"),
        ("+5", "4.5", "5.5"),
        ("0", "-0.5", "0.5"),
        ("0.010", "0.0095", "0.0105"),
        ("5e-3", "0.0045", "0.0055"),
        ("ap100", "90", "110"),
        ("ap1", "0.5", "1.5"),
        ("ap-100", "-110", "-90"),
    ],
)
def test_numbers(text, low, high):
    [amount] = one("RiskAssessment", "probability", text).any_of
    assert (amount.low, amount.high) == (D(low), D(high))
    assert amount.low < amount.value < amount.high


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("5.4|http://unitsofmeasure.org|mg",
         Amount(P.EQ, D("5.4"), D("5.35"), D("5.45"), "http://unitsofmeasure.org", "mg")),
        ("lt5.4||mg", Amount(P.LT, D("5.4"), D("5.35"), D("5.45"), None, "mg")),
        (r"5||a\|b", Amount(P.EQ, D(5), D("4.5"), D("5.5"), None, "a|b")),
        ("ge5||", Amount(P.GE, D(5), D("4.5"), D("5.5"))),
        ("ne5", Amount(P.NE, D(5), D("4.5"), D("5.5"))),
    ],
)  # fmt: skip
def test_quantities(text, amount):
    assert one("Observation", "value-quantity", text) == Number("value-quantity", (amount,))


# -- the rest ------------------------------------------------------------------------------------


def test_composites():
    assert one("Observation", "code-value-quantity", r"http://l|a\$b$gt5,c$6||mg") == Composite(
        (
            (
                Token("code-value-quantity.0", (("http://l", "a$b"),)),
                Number("code-value-quantity.1", (Amount(P.GT, D(5), D("4.5"), D("5.5")),)),
            ),
            (
                Token("code-value-quantity.0", ((None, "c"),)),
                Number("code-value-quantity.1", (Amount(P.EQ, D(6), D("5.5"), D("6.5"), None, "mg"),)),
            ),
        )
    )


def test_ids():
    assert one("Task", "_id", "a,b") == Ids(("a", "b"))
    assert one("Task", "_id:not", "a") == Not(Ids(("a",)))


@pytest.mark.parametrize(
    ("type_", "name", "text", "code", "says"),
    [
        ("Patient", "identifier", "", "value", "1 to 100"),
        ("Patient", "identifier", ",,", "value", "1 to 100"),
        ("Patient", "identifier", "|", "value", "system|code"),
        ("Patient", "identifier", "a|b|c", "value", r"\|"),
        ("Patient", "identifier", ",".join("x" * 101), "too-costly", "100"),
        ("Patient", "identifier", "," * 1_000_000, "too-costly", "100"),
        ("Patient", "identifier", "x" * 4_001, "too-long", "4000"),
        ("Task", "identifier:of-type", "PLAC|1", "value", "type-system"),
        ("Task", "identifier:of-type", "s||1", "value", "type-system"),
        ("Patient", "gender:of-type", "a|b|c", "not-supported", "not, missing"),
        ("Patient", "gender:text", "x", "not-supported", "not, missing"),
        ("Patient", "identifier:exact", "x", "not-supported", "of-type"),
        ("Patient", "identifier:", "x", "not-supported", "modifier"),
        ("Patient", "identifier:regex", ".*", "not-supported", "accepted modifiers"),
        ("Observation", "code:in", "http://vs", "not-supported", "terminology"),
        ("Observation", "code:not-in", "http://vs", "not-supported", "terminology"),
        ("Observation", "code:below", "a", "not-supported", "terminology"),
        ("Observation", "code:above", "a", "not-supported", "terminology"),
        ("Observation", "subject:below", "a", "not-supported", "hierarchy"),
        ("Observation", "subject:Banana", "a", "not-supported", "Patient"),
        ("Observation", "subject:Practitioner", "a", "not-supported", "Patient"),
        ("Observation", "subject:Patient", "Device/d", "value", "another type"),
        ("Observation", "subject:Patient", "https://x.example/Patient/p", "value", "Type/id"),
        ("Observation", "subject", "a b", "value", "Type/id"),
        ("Observation", "subject", "Banana/b", "value", "Type/id"),
        ("Observation", "subject", "#p", "value", "Type/id"),
        ("Task", "focus", ",".join("x" * 51), "too-costly", "an id without a type"),
        ("Task", "owner:missing", "yes", "value", "true or false"),
        ("Patient", "name", " ", "value", "word"),
        ("Patient", "name", "\u0301", "value", "word"),
        ("Patient", "name:contains", "\u0301 ", "value", "word"),
        ("Patient", "name:not", "x", "not-supported", "contains, exact, missing"),
        ("Patient", "phonetic", "1", "value", "word"),
        ("Patient", "birthdate", "ge2024-13-01", "value", "YYYY-MM-DD"),
        ("Patient", "birthdate", "9" * 50, "value", "YYYY-MM-DD"),
        ("Patient", "birthdate", "xx2024", "value", "eq, ne"),
        ("Patient", "birthdate:exact", "2024", "not-supported", "missing"),
        ("Patient", "_lastUpdated", "2026-01-05T09:30:00 02:00", "value", "%2B"),
        ("Patient", "_lastUpdated:missing", "true", "not-supported", "modifier"),
        ("Patient", "_id:missing", "true", "not-supported", "modifier"),
        ("RiskAssessment", "probability", "x", "value", "number"),
        ("RiskAssessment", "probability", "1e999", "value", "number"),
        ("RiskAssessment", "probability", "1e301", "value", "number"),
        ("RiskAssessment", "probability", "9" * 51, "value", "number"),
        ("RiskAssessment", "probability", "NaN", "value", "number"),
        ("RiskAssessment", "probability", "٣", "value", "number"),
        ("Observation", "value-quantity", "5|mg", "value", "number||unit"),
        ("Observation", "value-quantity", "5|s|", "value", "number||unit"),
        ("Observation", "code-value-quantity", "a", "value", "code$value-quantity"),
        ("Observation", "code-value-quantity", "a$", "value", "code$value-quantity"),
        ("Observation", "code-value-quantity", "a$b", "value", "code-value-quantity, value-quantity"),
        ("Observation", "code-value-quantity:missing", "true", "not-supported", "no modifier"),
        ("Patient", "_text", "x", "not-supported", "not supported here"),
        ("Patient", "_content", "x", "not-supported", "not supported here"),
        ("Patient", "_filter", "x", "not-supported", "not supported here"),
        ("Patient", "_list", "x", "not-supported", "not supported here"),
        ("Patient", "_query", "x", "not-supported", "not supported here"),
        ("Patient", "_type", "x", "not-supported", "not supported here"),
        ("Location", "near", "x", "not-supported", "not supported here"),
        ("Patient", "nickname", "x", "not-supported", "accepted: _has, _id"),
    ],
)  # fmt: skip
def test_what_is_not_understood(type_, name, text, code, says):
    issue = refusal(one, type_, name, text)
    assert (issue.code, says in issue.text) == (code, True), issue.text
    assert "nickname" not in issue.text
