"""Evidence weighed against an input contract: which numbers a reader gets, and what is missing.

The rule for each feature: of the measurements taken close enough to the moment of the question,
the newest decides. If nothing usable was sent for that moment the case has a gap; an older value
is never put in its place. Optional features follow the same rule, except that a measurement from
another episode (too old) is history, not a mistake: it is left aside and the feature stays empty.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from server.images import ImageObject
from server.model import Evidence, Feature, Gap, InputContract, Measurement, Problem, ResourceKey, Span

AGE = "age_years"
_YEAR = Decimal("365.25")
_AGE_STEP = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a reader may compute with."""

    values: Mapping[str, Decimal | None]
    """Feature name -> value in the feature's canonical unit; None: not measured. Also ``age_years``."""
    gaps: tuple[Gap, ...]
    """Not empty: the case cannot be read until each is mended."""
    outside: tuple[str, ...]
    """Not empty: plausible, but beyond what the model was trained on; it declines."""
    sources: tuple[ResourceKey, ...]
    """The observations used, in the order of the contract."""
    digest: str
    """SHA-256 over the canonical inputs, lower-case hex."""
    films: tuple[ImageObject, ...] = ()
    """Of a question that is read from images: the objects to look at."""
    born: date | None = None
    """The patient's birth date as the case knows it, where the reader is told."""


@dataclass(frozen=True, slots=True)
class _Weighed:
    value: Decimal | None = None
    source: ResourceKey | None = None
    gaps: tuple[Gap, ...] = ()
    outside: tuple[str, ...] = ()


def weigh(contract: InputContract, evidence: Evidence) -> Inputs:
    """Pick, convert and check the values that ``contract`` asks for.

    Never raises for what a sender may have got wrong: that is in ``gaps``. No text quotes a value.
    """
    found = {feature.name: _feature(feature, evidence) for feature in contract.features}
    found[AGE] = _age(contract.age_years, evidence)
    values = {name: each.value for name, each in found.items()}
    return Inputs(
        values=values,
        gaps=_anchor_gap(evidence) + tuple(gap for each in found.values() for gap in each.gaps),
        outside=tuple(text for each in found.values() for text in each.outside),
        sources=_once(each.source for each in found.values() if each.source is not None),
        digest=_digest(contract, values),
    )


def convert(feature: Feature, measurement: Measurement) -> Decimal | None:
    """The value in the canonical unit; None when it is no number or its unit is not accepted."""
    if measurement.value is None or not measurement.value.is_finite() or measurement.comparator:
        return None
    factor = feature.units.get(measurement.unit)
    return None if factor is None else measurement.value * factor


def _feature(feature: Feature, evidence: Evidence) -> _Weighed:
    matching = [each for each in evidence.measurements if _carries(feature, each)]
    fresh = [each for each in matching if _in_time(feature, each, evidence)]
    if fresh:
        newest = max(each.effective for each in fresh if each.effective is not None)
        return _moment(feature, [each for each in fresh if each.effective == newest])
    if undated := [each for each in matching if each.effective is None]:
        return _refused(feature, undated, Problem.TOO_OLD, "no result says when the specimen was taken")
    if matching and feature.required:
        return _refused(feature, matching, Problem.TOO_OLD, "every result is too far from the report's time")
    if feature.required:
        return _refused(feature, [], Problem.MISSING, "no result was sent")
    return _Weighed()


def _moment(feature: Feature, together: Sequence[Measurement]) -> _Weighed:
    """All results of one moment: any usable one outweighs the broken ones beside it."""
    judged = [(each, _problem(feature, each)) for each in sorted(together, key=_order)]
    usable = [each for each, problem in judged if problem is None]
    if not usable:
        mend = _mend(feature)
        broken = ((each.source, *problem) for each, problem in judged if problem is not None)
        return _Weighed(gaps=tuple(Gap(feature.label, why, text, mend, key) for key, why, text in broken))
    values = {convert(feature, each) for each in usable}
    if len(values) > 1:
        return _refused(
            feature, usable, Problem.CONTRADICTORY, "final results of the same moment differ in value"
        )
    value = convert(feature, usable[0])
    return _Weighed(value, usable[0].source, (), _beyond(feature, value))


def _problem(feature: Feature, measurement: Measurement) -> tuple[Problem, str] | None:
    if not measurement.final:
        return Problem.NOT_FINAL, "the result is not final yet"
    if measurement.value is None or not measurement.value.is_finite():
        return Problem.NOT_A_NUMBER, "the result has no numeric value"
    if measurement.comparator is not None:
        return Problem.NOT_A_NUMBER, "the result is a bound (less than, more than), not a value"
    if not measurement.unit:
        return Problem.WRONG_UNIT, "the result has no UCUM unit code"
    value = convert(feature, measurement)
    if value is None:
        return Problem.WRONG_UNIT, "the unit is not accepted"
    if not feature.plausible.holds(value):
        return Problem.IMPLAUSIBLE, "the value cannot be right in this unit"
    return None


def _refused(feature: Feature, of: Sequence[Measurement], problem: Problem, found: str) -> _Weighed:
    source = min(of, key=_order).source if of else None
    return _Weighed(gaps=(Gap(feature.label, problem, found, _mend(feature), source),))


def _mend(feature: Feature) -> str:
    codes = " or ".join(f"{code.system}|{code.code}" for code in feature.codes)
    return (
        f"Send a final Observation with code {codes}, a valueQuantity in one of the UCUM units "
        f"{', '.join(feature.units)}, {_span(feature.plausible)} {feature.unit}, and an effective "
        f"time within {_hours(feature.max_age)} hours of the report's time: "
        "DiagnosticReport.effective or, when that has no time of day and zone, issued"
    )


def _beyond(feature: Feature, value: Decimal | None) -> tuple[str, ...]:
    if value is None or feature.trained.holds(value):
        return ()
    return (f"{feature.label} is outside the trained range, {_span(feature.trained)} {feature.unit}",)


def _age(allowed: Span, evidence: Evidence) -> _Weighed:
    mend = "Send Patient.birthDate with year, month and day"
    if evidence.birth_date is None:
        return _Weighed(gaps=(Gap("Date of birth", Problem.MISSING, "it is not known to the day", mend),))
    if evidence.anchor is None:
        return _Weighed()
    days = (evidence.anchor.date() - evidence.birth_date).days
    if days < 0:
        found = "it is after the report's time"
        return _Weighed(gaps=(Gap("Date of birth", Problem.IMPLAUSIBLE, found, mend),))
    years = (days / _YEAR).quantize(_AGE_STEP)
    fits = allowed.holds(years)
    text = f"the patient's age is outside the range the model is made for, {_span(allowed)} years"
    return _Weighed(years, outside=() if fits else (text,))


def _anchor_gap(evidence: Evidence) -> tuple[Gap, ...]:
    if evidence.anchor is not None:
        return ()
    mend = "Send DiagnosticReport.effectiveDateTime with time of day and zone, or issued"
    return (Gap("Time of the report", Problem.MISSING, "it is not known", mend),)


def _carries(feature: Feature, measurement: Measurement) -> bool:
    return any(code.same_as(own) for code in measurement.codes for own in feature.codes)


def _in_time(feature: Feature, measurement: Measurement, evidence: Evidence) -> bool:
    if measurement.effective is None:
        return False
    if evidence.anchor is None:  # reported as a gap of its own
        return True
    return abs(evidence.anchor - measurement.effective) <= feature.max_age


def _order(measurement: Measurement) -> tuple[str, str, int]:
    source = measurement.source
    return source.type, source.id, source.version or 0


def _once(keys: Iterable[ResourceKey]) -> tuple[ResourceKey, ...]:
    return tuple(dict.fromkeys(keys))


def _digest(contract: InputContract, values: Mapping[str, Decimal | None]) -> str:
    units = {feature.name: feature.unit for feature in contract.features} | {AGE: "a"}
    canonical = {name: [_plain(value), units[name]] for name, value in values.items()}
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Decimal | None) -> str | None:
    """One spelling for each number: 1.10 and 1.1 are ``1.1``, 4E+3 is ``4000``, -0 is ``0``."""
    return None if value is None else format(value.normalize() + 0, "f")


def _span(span: Span) -> str:
    return f"{_plain(span.low)} to {_plain(span.high)}"


def _hours(age: timedelta) -> str:
    return f"{age.total_seconds() / 3600:g}"
