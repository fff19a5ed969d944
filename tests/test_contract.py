"""Evidence against an input contract, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.contract import Inputs, weigh
from server.model import (
    Coding,
    Comparator,
    Evidence,
    Feature,
    InputContract,
    Measurement,
    Problem,
    ResourceKey,
    Span,
)

LOINC = "http://loinc.org"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def feature(name: str, code: str, *, required: bool) -> Feature:
    return Feature(
        name=name,
        label=f"CSF {name}",
        codes=(Coding(LOINC, code), Coding(LOINC, f"{code}-other")),
        unit="mg/dL",
        units={"mg/dL": Decimal(1), "mmol/L": Decimal("18.016")},
        plausible=Span(Decimal(0), Decimal(1000)),
        trained=Span(Decimal(10), Decimal(250)),
        required=required,
        max_age=timedelta(hours=48),
    )


CONTRACT = InputContract(
    features=(feature("glucose", "G", required=True), feature("protein", "P", required=False)),
    age_years=Span(Decimal("0.1"), Decimal(85)),
)


def measured(value: str | None = "60", code: str = "G", **other: object) -> Measurement:
    base = Measurement(
        codes=(Coding("urn:local", "x"), Coding(LOINC, code, "any display")),
        value=None if value is None else Decimal(value),
        unit="mg/dL",
        effective=NOW - timedelta(hours=2),
        source=ResourceKey("Observation", code.lower(), 1),
    )
    return replace(base, **other)  # type: ignore[arg-type]


def weighed(*measurements: Measurement, **other: object) -> Inputs:
    base = Evidence(measurements, birth_date=date(2006, 1, 5), anchor=NOW)
    return weigh(CONTRACT, replace(base, **other))  # type: ignore[arg-type]


def test_what_is_complete_has_no_gap() -> None:
    found = weighed(measured("60"), measured("40.50", "P-other"))
    assert (found.gaps, found.outside) == ((), ())
    assert found.values == {
        "glucose": Decimal(60),
        "protein": Decimal("40.5"),
        "age_years": Decimal("20.000"),
    }
    assert [key.versioned for key in found.sources] == [
        "Observation/g/_history/1",
        "Observation/p-other/_history/1",
    ]


def test_units_are_converted_exactly() -> None:
    assert weighed(measured("3.4", unit="mmol/L")).values["glucose"] == Decimal("61.2544")


def test_an_optional_value_may_be_missing() -> None:
    found = weighed(measured())
    assert found.gaps == ()
    assert found.values["protein"] is None


@pytest.mark.parametrize("code", ["G", "P"])
@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ({"unit": ""}, Problem.WRONG_UNIT),
        ({"unit": "mg/dl"}, Problem.WRONG_UNIT),
        ({"unit": "g/L"}, Problem.WRONG_UNIT),
        ({"comparator": Comparator.LESS}, Problem.NOT_A_NUMBER),
        ({"value": None}, Problem.NOT_A_NUMBER),
        ({"value": Decimal("NaN")}, Problem.NOT_A_NUMBER),
        ({"value": Decimal("Infinity")}, Problem.NOT_A_NUMBER),
        ({"value": Decimal(1001)}, Problem.IMPLAUSIBLE),
        ({"value": Decimal("-0.1")}, Problem.IMPLAUSIBLE),
        ({"value": Decimal(60), "unit": "mmol/L"}, Problem.IMPLAUSIBLE),
        ({"final": False}, Problem.NOT_FINAL),
        ({"effective": None}, Problem.TOO_OLD),
    ],
)
def test_a_broken_value_is_a_gap_whether_required_or_not(
    code: str, broken: dict[str, object], problem: Problem
) -> None:
    others = [measured()] if code == "P" else []
    found = weighed(replace(measured("60", code), **broken), *others)
    assert [(gap.problem, gap.source) for gap in found.gaps] == [
        (problem, ResourceKey("Observation", code.lower(), 1))
    ]


def test_a_missing_value_says_exactly_what_to_send() -> None:
    (gap,) = weighed().gaps
    assert gap.problem is Problem.MISSING
    assert gap.text == (
        "CSF glucose: no result was sent. Send a final Observation with code http://loinc.org|G or "
        "http://loinc.org|G-other, a valueQuantity in one of the UCUM units mg/dL, mmol/L, "
        "0 to 1000 mg/dL, and an effective time within 48 hours of the report's time: "
        "DiagnosticReport.effective or, when that has no time of day and zone, issued"
    )


def test_no_text_quotes_a_value() -> None:
    found = weighed(measured("987654"), measured("251", "P"))
    said = " ".join([*(gap.text for gap in found.gaps), *found.outside])
    assert "987654" not in said
    assert "251" not in said


@pytest.mark.parametrize(("hours", "fresh"), [(48, True), (-48, True), (48.1, False), (-48.1, False)])
def test_age_of_a_specimen_counts_both_ways_from_the_report(hours: float, fresh: bool) -> None:
    found = weighed(measured(effective=NOW - timedelta(hours=hours)))
    assert [gap.problem for gap in found.gaps] == ([] if fresh else [Problem.TOO_OLD])


def test_an_old_optional_value_is_history_not_a_mistake() -> None:
    found = weighed(measured(), measured("40", "P", effective=NOW - timedelta(days=400)))
    assert found.gaps == ()
    assert found.values["protein"] is None


def test_the_newest_value_decides() -> None:
    older = measured("60", effective=NOW - timedelta(hours=9))
    newer = measured("70", effective=NOW - timedelta(hours=1))
    assert weighed(newer, older).values["glucose"] == Decimal(70)
    assert weighed(newer, older).digest == weighed(older, newer).digest


def test_a_broken_newest_value_is_not_replaced_by_an_older_one() -> None:
    older = measured("60", effective=NOW - timedelta(hours=9))
    newer = measured("60", unit="g/L", effective=NOW - timedelta(hours=1))
    found = weighed(older, newer)
    assert [gap.problem for gap in found.gaps] == [Problem.WRONG_UNIT]
    assert found.values["glucose"] is None


def test_a_mended_value_of_the_same_moment_outweighs_the_broken_one() -> None:
    mended = measured("60", source=ResourceKey("Observation", "mended", 1))
    found = weighed(measured("60", unit="g/L"), measured("60", final=False), mended)
    assert found.gaps == ()
    assert found.sources == (ResourceKey("Observation", "mended", 1),)


def test_two_values_of_one_moment_contradict_each_other() -> None:
    found = weighed(measured("60"), measured("61"))
    assert [gap.problem for gap in found.gaps] == [Problem.CONTRADICTORY]
    assert found.values["glucose"] is None


def test_the_same_value_twice_does_not_contradict_itself() -> None:
    assert weighed(measured("18.016"), measured("1.0", unit="mmol/L")).gaps == ()


@pytest.mark.parametrize(
    ("value", "outside"), [("10", False), ("9.9", True), ("250", False), ("250.1", True)]
)
def test_beyond_the_trained_range_the_reader_will_decline(value: str, outside: bool) -> None:
    found = weighed(measured(value))
    assert found.gaps == ()
    assert found.outside == (
        ("CSF glucose is outside the trained range, 10 to 250 mg/dL",) if outside else ()
    )


@pytest.mark.parametrize(
    ("born", "years", "outside"),
    [
        (date(2006, 1, 5), "20.000", False),
        (date(2025, 12, 5), "0.085", True),
        (date(2025, 11, 29), "0.101", False),
        (date(1941, 1, 6), "84.997", False),
        (date(1940, 12, 30), "85.016", True),
        (date(2026, 1, 5), "0.000", True),
    ],
)
def test_age_is_counted_in_years_at_the_report(born: date, years: str, outside: bool) -> None:
    found = weighed(measured(), birth_date=born)
    assert found.values["age_years"] == Decimal(years)
    assert bool(found.outside) is outside


@pytest.mark.parametrize(
    ("born", "problem"), [(None, Problem.MISSING), (date(2026, 1, 6), Problem.IMPLAUSIBLE)]
)
def test_an_unusable_date_of_birth_is_a_gap(born: date | None, problem: Problem) -> None:
    found = weighed(measured(), birth_date=born)
    assert [(gap.item, gap.problem) for gap in found.gaps] == [("Date of birth", problem)]


def test_without_the_time_of_the_report_nothing_can_be_judged() -> None:
    found = weighed(measured(), anchor=None)
    [gap] = found.gaps
    assert (gap.item, gap.mend) == (
        "Time of the report",
        "Send DiagnosticReport.effectiveDateTime with time of day and zone, or issued",
    )


def test_what_is_too_far_or_too_early_is_told_by_the_time_it_is_counted_from() -> None:
    [old] = weighed(measured(effective=NOW - timedelta(days=9))).gaps
    assert "every result is too far from the report's time" in old.text
    [unborn] = weighed(measured(), birth_date=date(2026, 1, 6)).gaps
    assert "it is after the report's time" in unborn.text


def test_the_digest_does_not_depend_on_spelling_or_order() -> None:
    plain = weighed(measured("1.1e2"), measured("40", "P")).digest
    assert weighed(measured("40.00", "P"), measured("110.0")).digest == plain
    assert weighed(measured("40", "P"), measured("110.1")).digest != plain
    assert weighed(measured("110")).digest != plain


@given(st.decimals("0", "1000", places=3, allow_nan=False))
def test_any_plausible_value_is_taken_as_it_is(value: Decimal) -> None:
    found = weighed(measured(str(value)))
    assert found.values["glucose"] == value
    assert found.gaps == ()
