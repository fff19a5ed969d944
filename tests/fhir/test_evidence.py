from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from server.fhir.evidence import codings, evidence, measurements
from server.model import Coding, Comparator, Evidence, ResourceKey
from tests.fhir.shelf import AT, stored
from tests.world import LOINC, VIRAL, coded, observation

PERSON = {"resourceType": "Patient", "id": "p", "birthDate": "1990-05-01", "gender": "female"}


def measured(**more: Any) -> list[Any]:
    made = {**observation("Patient/p", "26464-8", "1200"), "id": "o", **more}
    return list(measurements(stored({name: value for name, value in made.items() if value is not None}, 3)))


def test_one_measurement_with_its_source() -> None:
    [made] = measured()
    assert made.codes == (Coding(LOINC, "26464-8"),)
    assert (made.value, made.unit, made.comparator, made.final) == (Decimal(1200), "/uL", None, True)
    assert made.effective == datetime(2026, 1, 5, 7, tzinfo=UTC)
    assert made.source == ResourceKey("Observation", "o", 3)


def test_the_digits_stay_as_they_were_sent() -> None:
    made = {**observation("Patient/p", "26464-8", "1"), "id": "o"}
    each = stored(made)
    body = each.body.replace(b'"value": 1.0', b'"value": 1.10')
    [value] = [m.value for m in measurements(type(each)("Observation", "o", 1, AT, body))]
    assert str(value) == "1.10"


@pytest.mark.parametrize(
    ("quantity", "value", "unit", "comparator"),
    [
        ({"value": 7, "unit": "/uL"}, Decimal(7), "", None),
        ({"value": 7, "unit": "/uL", "system": "http://other.example", "code": "/uL"}, Decimal(7), "", None),
        ({"value": 7, "system": "http://unitsofmeasure.org", "code": "mmol/L"}, Decimal(7), "mmol/L", None),
        ({"value": 7, "comparator": "<"}, Decimal(7), "", Comparator.LESS),
        ({"unit": "/uL"}, None, "", None),
        (None, None, "", None),
    ],
)
def test_quantities(quantity: Any, value: Any, unit: str, comparator: Any) -> None:
    """A text is for people: only a UCUM code is a unit (F-045)."""
    [made] = measured(valueQuantity=quantity)
    assert (made.value, made.unit, made.comparator) == (value, unit, comparator)


@pytest.mark.parametrize(
    ("status", "count", "final"),
    [
        ("final", 1, True),
        ("corrected", 1, True),
        ("preliminary", 1, False),
        ("registered", 1, False),
        ("unknown", 1, False),
        ("cancelled", 0, None),
        ("entered-in-error", 0, None),
    ],
)
def test_statuses(status: str, count: int, *, final: bool | None) -> None:
    made = measured(status=status)
    assert len(made) == count
    assert all(each.final is final for each in made)


@pytest.mark.parametrize(
    ("more", "effective"),
    [
        ({"effectiveDateTime": "2026-01-05T08:00:00+01:00"}, datetime(2026, 1, 5, 7, tzinfo=UTC)),
        ({"effectiveDateTime": "2026-01-05"}, None),
        ({"effectiveDateTime": None}, None),
        (
            {"effectiveDateTime": None, "effectiveInstant": "2026-01-05T07:00:00Z"},
            datetime(2026, 1, 5, 7, tzinfo=UTC),
        ),
        (
            {"effectiveDateTime": None, "effectivePeriod": {"end": "2026-01-05T07:00:00Z"}},
            datetime(2026, 1, 5, 7, tzinfo=UTC),
        ),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2026-01-05T07:00:00Z"}}, None),
    ],
)
def test_when_it_was_taken(more: dict[str, Any], effective: datetime | None) -> None:
    assert [each.effective for each in measured(**more)] == [effective]


def test_components_are_measurements_of_their_own() -> None:
    part = {"code": coded(Coding(LOINC, "26511-6")), "valueQuantity": {"value": 90}}
    assert [each.codes[0].code for each in measured(component=[part, {"code": {"text": "words"}}])] == [
        "26464-8",
        "26511-6",
    ]


@pytest.mark.parametrize(
    "focus", [{"reference": "Patient/donor"}, {"reference": "Patient/p"}, {"display": "fetus"}]
)
def test_what_is_about_another_than_the_patient_is_no_evidence(focus: dict[str, str]) -> None:
    part = {"code": coded(Coding(LOINC, "26511-6")), "valueQuantity": {"value": 90}}
    assert measured(focus=[focus], component=[part]) == []


def test_codings_say_their_system() -> None:
    concept = {"coding": [{"code": "a"}, {"system": "x"}, {"system": "x", "code": "a", "display": "A"}]}
    assert codings(concept) == (Coding("x", "a", "A"),)
    assert codings({"text": "words"}) == ()


@pytest.mark.parametrize(
    ("birth", "expected"), [("1990-05-01", date(1990, 5, 1)), ("1990-05", None), (None, None)]
)
def test_what_is_known_of_the_patient(birth: str | None, expected: date | None) -> None:
    person = {k: v for k, v in {**PERSON, "birthDate": birth}.items() if v is not None}
    found = evidence(stored(person), [], AT)
    assert (found.birth_date, found.sex, found.anchor, found.measurements) == (expected, "female", AT, ())


def test_there_is_no_place_for_an_opinion() -> None:
    assert {each.name for each in fields(Evidence)} == {"measurements", "birth_date", "sex", "anchor"}
    made = measured(valueQuantity=None, valueCodeableConcept=coded(VIRAL), interpretation=[coded(VIRAL)])
    assert VIRAL.code not in repr(made)
