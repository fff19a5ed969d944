"""Rows of a resource: what each datatype becomes under each kind of search, and that nothing raises."""

from __future__ import annotations

import copy
import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.fhir.definitions.parameters import PARAMETERS
from server.fhir.definitions.types import TYPES
from server.fhir.rows.extraction import leaves, led_to_by, rows, searchable
from server.fhir.rows.numbers import LEAST, MOST
from server.fhir.spans import FIRST, LAST
from server.query import DateRow, NumberRow, ReferenceRow, TextRow, TokenRow
from tests.fhir.rows import official

D = Decimal
PLAC = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PLAC"}


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def of(type_, param, **elements):
    """The rows of one parameter, and of its modifiers and components."""
    found = rows({"resourceType": type_, **elements})
    return [row for row in found if row.param == param or row.param.startswith((f"{param}:", f"{param}."))]


# -- tokens and uris ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "param", "elements", "expected"),
    [
        ("Task", "status", {"status": "requested"}, [("", "requested")]),
        ("Patient", "active", {"active": False}, [("", "false")]),
        ("Patient", "deceased", {}, [("", "false")]),
        ("Patient", "deceased", {"deceasedDateTime": "2020"}, [("", "true")]),
        ("Observation", "_tag", {"meta": {"tag": [{"system": "s", "code": "c"}]}}, [("s", "c")]),
        ("Observation", "code", {"code": {"coding": [{"system": "s", "code": "c"}, {"code": "d"}]}},
         [("s", "c"), ("", "d")]),
        ("Observation", "code", {"code": {"coding": [{"display": "x"}]}}, [("", "")]),
        ("Observation", "code", {"code": {"text": "x"}}, [("", "")]),
        ("Observation", "code", {}, []),
        ("Patient", "identifier", {"identifier": [{"system": "s", "value": "1"}, {"value": "2"}]},
         [("s", "1"), ("", "2")]),
        ("Patient", "identifier", {"identifier": [{"system": "s"}]}, [("s", "")]),
        ("Patient", "telecom", {"telecom": [{"system": "phone", "value": "1"}]}, [("", "1")]),
        ("Patient", "phone", {"telecom": [{"system": "phone", "value": "1"},
                                          {"system": "email", "value": "2"}]}, [("", "1")]),
        ("Patient", "email", {"telecom": [{"value": "1"}]}, []),
        ("ImagingStudy", "series", {"series": [{"uid": "1.2"}, {"uid": "1.3"}]}, [("", "1.2"), ("", "1.3")]),
        ("Task", "_profile", {"meta": {"profile": ["http://p|1.0", "http://q"]}},
         [("", "http://p|1.0"), ("", "http://p"), ("", "http://q")]),
        ("Task", "_source", {"meta": {"source": "http://s#1"}}, [("", "http://s#1"), ("", "http://s")]),
        ("Task", "_source", {"meta": {"source": "#1"}}, [("", "#1")]),
        ("Device", "url", {"url": "http://x"}, [("", "http://x")]),
        ("Task", "_id", {"id": "x"}, []),
        ("Task", "_lastUpdated", {"meta": {"lastUpdated": "2026-01-05T09:30:07Z"}}, []),
    ],
)  # fmt: skip
def test_tokens(type_, param, elements, expected):
    found = [row for row in of(type_, param, **elements) if row.param == param]
    assert found == [TokenRow(param, *each) for each in expected]


def test_a_value_twice_is_one_row():
    assert len(of("Observation", "code", code={"coding": [{"code": "c"}, {"code": "c"}]})) == 1


def test_words_beside_codes():
    coded = {"coding": [{"code": "c", "display": "Shown"}, {"code": "d"}], "text": "Written"}
    assert of("Observation", "code", code=coded) == [
        TokenRow("code", "", "c"), TextRow("code:text", "Shown"), TokenRow("code", "", "d"),
        TextRow("code:text", "Written"),
    ]  # fmt: skip


def test_an_identifier_with_a_type():
    typed = {"type": {"coding": [PLAC, {"code": "X"}], "text": "Placer"}, "system": "s", "value": "1"}
    assert of("Task", "identifier", identifier=[typed]) == [
        TokenRow("identifier", "s", "1"), TextRow("identifier:text", "Placer"),
        TokenRow("identifier:of-type", f"{PLAC['system']}|PLAC", "1"),
        TokenRow("identifier:of-type", "|X", "1"),
    ]  # fmt: skip


# -- references ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "targets"),
    [
        ({"reference": "Patient/p"}, ["Patient/p"]),
        ({"reference": "Patient/p/_history/2"}, ["Patient/p"]),
        ({"reference": "https://x.example/Patient/p"}, ["https://x.example/Patient/p"]),
        ({"reference": "#p"}, [""]),
        ({"display": "x"}, [""]),
    ],
)
def test_references(reference, targets):
    found = of("Task", "subject", **{"for": reference})
    assert found == [ReferenceRow("subject", target) for target in targets]


def test_a_reference_by_identifier():
    logical = {"identifier": {"system": "s", "value": "1"}, "type": "Patient"}
    for param in ("subject", "patient"):
        assert of("Task", param, **{"for": logical}) == [
            ReferenceRow(param, ""), TokenRow(f"{param}:identifier", "s", "1"),
        ]  # fmt: skip


def test_patient_is_the_subject_that_is_one():
    assert of("Observation", "patient", subject={"reference": "Group/g"}) == []
    assert of("Observation", "patient", subject={"reference": "Patient/p"}) == [
        ReferenceRow("patient", "Patient/p")
    ]


def test_canonicals_are_references_too():
    found = of("MeasureReport", "measure", measure="http://m|2")
    assert found == [ReferenceRow("measure", "http://m|2"), ReferenceRow("measure", "http://m")]
    assert of("MeasureReport", "measure", measure="#m") == [ReferenceRow("measure", "")]


def test_what_a_parameter_leads_to():
    task = {"resourceType": "Task", "for": {"reference": "Patient/p"}, "focus": {"display": "x"}}
    assert led_to_by(task) == {"subject": ["Patient/p"], "patient": ["Patient/p"]}


# -- strings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "param", "elements", "expected"),
    [
        ("Patient", "name",
         {"name": [{"use": "usual", "text": "T", "family": "F", "given": ["G", None, "H"], "prefix": ["P"],
                    "suffix": ["S"]}]},
         ["T", "F", "G", "H", "P", "S"]),
        ("Patient", "given", {"name": [{"family": "F", "given": ["G", None]}]}, ["G"]),
        ("Patient", "address",
         {"address": [{"use": "home", "type": "both", "text": "T", "line": ["1", "2"], "city": "C",
                       "district": "D", "state": "S", "postalCode": "Z", "country": "X"}]},
         ["T", "1", "2", "C", "D", "S", "Z", "X"]),
        ("Organization", "name", {"name": "N", "alias": ["A", "B"]}, ["N", "A", "B"]),
        ("Patient", "phonetic", {"name": [{"text": "no", "family": "Tymczak", "given": ["Ann Bea"]}]},
         ["T522", "A500", "B000"]),
        ("Organization", "phonetic", {"name": "Robert & Rupert"}, ["R163"]),
        ("Observation", "value-string", {"valueCodeableConcept": {"text": "t"}}, ["t"]),
    ],
)  # fmt: skip
def test_strings(type_, param, elements, expected):
    assert of(type_, param, **elements) == [TextRow(param, each) for each in expected]


# -- dates ---------------------------------------------------------------------------------------

DAY = (at(2026, 1, 5), at(2026, 1, 6))


@pytest.mark.parametrize(
    ("elements", "spans"),
    [
        ({"occurrenceDateTime": "2026-01-05"}, [DAY]),
        ({"occurrencePeriod": {"start": "2026-01-05", "end": "2026-01-05"}}, [DAY]),
        ({"occurrencePeriod": {"start": "2026-01-05"}}, [(DAY[0], LAST)]),
        ({"occurrencePeriod": {"end": "2026-01-05"}}, [(FIRST, DAY[1])]),
        ({"occurrenceTiming": {"event": ["2026-01-07", None, "2026-01-05"]}}, [(DAY[0], at(2026, 1, 8))]),
        ({"occurrenceTiming": {"repeat": {"boundsPeriod": {"start": "2026-01-05"}}}}, [(DAY[0], LAST)]),
        ({"occurrenceTiming": {"repeat": {"frequency": 1}}}, [(FIRST, LAST)]),
        ({"occurrenceTiming": {"code": {"text": "daily"}}}, [(FIRST, LAST)]),
        ({}, []),
    ],
)
def test_dates(elements, spans):
    assert of("ServiceRequest", "occurrence", **elements) == [DateRow("occurrence", *each) for each in spans]


# -- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"value": D("1.10"), "unit": "mg", "system": "u", "code": "mg"},
         [(D("1.10"), D("1.10"), "u", "mg")]),
        ({"value": 2, "unit": "milligrams", "code": "mg"},
         [(D(2), D(2), "", "mg"), (D(2), D(2), "", "milligrams")]),
        ({"value": D("1e2")}, [(D("1e2"), D("1e2"), "", "")]),
        ({"value": 5, "comparator": "<"}, [(LEAST, D(5), "", "")]),
        ({"value": 5, "comparator": ">="}, [(D(5), MOST, "", "")]),
        ({"code": "mg"}, []),
    ],
)  # fmt: skip
def test_quantities(value, expected):
    found = of("Observation", "value-quantity", valueQuantity=value)
    assert found == [NumberRow("value-quantity", *each) for each in expected]


@pytest.mark.parametrize(
    ("range_", "expected"),
    [
        ({"low": {"value": 1, "code": "a"}, "high": {"value": 2, "code": "a"}}, [(D(1), D(2), "", "a")]),
        ({"low": {"value": 1}}, [(D(1), MOST, "", "")]),
        ({"high": {"value": 2, "code": "a"}}, [(LEAST, D(2), "", "a")]),
        ({"low": {"code": "a"}}, []),
        ({}, []),
    ],
)
def test_ranges(range_, expected):
    assert of("Condition", "onset-age", onsetRange=range_) == [
        NumberRow("onset-age", *each) for each in expected
    ]


def test_numbers():
    assert of("RiskAssessment", "probability", prediction=[{"probabilityDecimal": D("0.5")}]) == [
        NumberRow("probability", D("0.5"), D("0.5"))
    ]
    assert of("MolecularSequence", "variant-start", variant=[{"start": 0}]) == [
        NumberRow("variant-start", D(0), D(0))
    ]


# -- composites ----------------------------------------------------------------------------------


def component(code, value):
    return {"code": {"coding": [{"code": code, "display": "no"}]}, "valueQuantity": {"value": value}}


def test_a_composite_keeps_its_parts_together():
    components = [component("a", 1), component("b", 2), {"code": {"text": "c"}}]
    assert of("Observation", "component-code-value-quantity", component=components) == [
        TokenRow("component-code-value-quantity.0", "", "a", 1),
        NumberRow("component-code-value-quantity.1", D(1), D(1), part=1),
        TokenRow("component-code-value-quantity.0", "", "b", 2),
        NumberRow("component-code-value-quantity.1", D(2), D(2), part=2),
    ]
    whole = of("Observation", "combo-code-value-quantity", component=components, **component("d", 3))
    assert [(row.part, getattr(row, "code", ""), getattr(row, "low", None)) for row in whole] == [
        (1, "d", None), (1, "", D(3)), (2, "a", None), (2, "", D(1)), (3, "b", None), (3, "", D(2)),
    ]  # fmt: skip


def test_a_component_of_the_whole_resource():
    sequence = {
        "referenceSeq": {"chromosome": {"coding": [{"code": "7"}]}},
        "variant": [{"start": 1, "end": 2}, {"start": 3}],
    }
    assert of("MolecularSequence", "chromosome-variant-coordinate", **sequence) == [
        TokenRow("chromosome-variant-coordinate.0", "", "7", 1),
        NumberRow("chromosome-variant-coordinate.1", D(1), D(1), part=1),
        NumberRow("chromosome-variant-coordinate.2", D(2), D(2), part=1),
    ]


# -- all of them ---------------------------------------------------------------------------------

WITHOUT_ROWS = {
    "_content", "_filter", "_has", "_id", "_lastUpdated", "_list", "_query", "_text", "_type",
    "Bundle.composition", "Bundle.message", "Location.near", "Consent.source-reference",
}  # fmt: skip


@pytest.mark.parametrize("type_", TYPES)
def test_every_parameter_has_rows_but_those_that_cannot(type_):
    """Compiles everything: an expression or datatype that is not understood would raise here."""
    without = {code for code in PARAMETERS[type_] if code not in searchable(type_)}
    assert all(code in WITHOUT_ROWS or f"{type_}.{code}" in WITHOUT_ROWS for code in without)
    assert all(leaves(type_, code) for code in searchable(type_))


@official.needed
def test_every_official_example_has_rows():
    for resource in official.every():
        found = rows(resource)
        assert all(
            row.param.split(":")[0].split(".")[0] in searchable(resource["resourceType"]) for row in found
        )


def pruned(resource, seed):
    """A copy that has lost some of its elements, here and there."""
    chance, copied = random.Random(seed), copy.deepcopy(resource)

    def prune(value):
        if isinstance(value, dict):
            for name in [each for each in value if each != "resourceType" and chance.random() < 0.15]:
                del value[name]
            for inner in value.values():
                prune(inner)
        elif isinstance(value, list):
            for inner in value:
                prune(inner)

    prune(copied)
    return copied


@official.needed
@settings(max_examples=300, deadline=None)
@given(pick=st.randoms(use_true_random=False), seed=st.integers())
def test_nothing_that_is_missing_makes_it_raise(pick, seed):
    type_ = pick.choice([each for each in TYPES if official.examples(each)])
    rows(pruned(pick.choice(official.examples(type_)), seed))
