"""The R4 invariants that concern the types this door takes, by type; each under its official key.

A rule is asked only about a value whose JSON structure is right. The rules about contained
resources (dom-2 to dom-5, ref-1) need the whole resource and are in ``validate``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

from server.errors import Category
from server.fhir.bundle_invariants import BUNDLE_RULES
from server.fhir.invariant import Rule, Value, has, where
from server.fhir.primitives import in_order

ATTACHMENT_CHARACTERS = 4 * 2**20
"""Base64 characters of one Attachment.data: 3 MiB of content."""
UCUM = "http://unitsofmeasure.org"


def broken(type_name: str, value: Value) -> Iterator[tuple[Rule, str]]:
    """The rules of ``type_name`` that ``value`` breaks, each with the path below the value."""
    for rule in RULES.get(type_name, ()):
        for place in rule.breaks(value):
            yield rule, place


def _has_choice(value: Value, name: str) -> bool:
    return any(key.lstrip("_").startswith(name) for key in value)


def _needs(name: str, other: str) -> Callable[[Value], Iterable[str]]:
    return where(lambda value: has(value, name) and not has(value, other), other)


def _both(name: str, other: str) -> Callable[[Value], Iterable[str]]:
    return where(lambda value: has(value, name) and has(value, other), other)


def _in_order(earlier: str, later: str) -> Callable[[Value], Iterable[str]]:
    return where(
        lambda value: earlier in value and later in value and not in_order(value[earlier], value[later]),
        later,
    )


def _codings(concept: Value) -> set[tuple[str, str]]:
    return {(coding.get("system", ""), coding.get("code", "")) for coding in concept.get("coding", ())}


def _component_repeats_code(value: Value) -> bool:
    if not _has_choice(value, "value"):
        return False
    own = _codings(value.get("code", {}))
    return any(own & _codings(component.get("code", {})) for component in value.get("component", ()))


def _home(name: str) -> Callable[[Value], Iterable[str]]:
    return lambda value: [
        f"{name}[{index}].use"
        for index, entry in enumerate(value.get(name, ()))
        if entry.get("use") == "home"
    ]


def _range_reversed(value: Value) -> bool:
    low, high = value.get("low", {}), value.get("high", {})
    comparable = "value" in low and "value" in high and low.get("code") == high.get("code")
    return comparable and Decimal(low["value"]) > Decimal(high["value"])


def _ratio_halved(value: Value) -> bool:
    numerator, denominator = has(value, "numerator"), has(value, "denominator")
    return numerator != denominator or not (numerator or has(value, "extension"))


def _not_ucum(value: Value) -> bool:
    return (has(value, "value") and not has(value, "code")) or value.get("system", UCUM) != UCUM


def _negative(name: str) -> Callable[[Value], Iterable[str]]:
    return where(lambda value: value.get(name, 0) < 0, name)


def _offset_alone(value: Value) -> bool:
    when = value.get("when", [])
    return has(value, "offset") and (not when or bool({"C", "CM", "CD", "CV"} & set(when)))


RULES: Mapping[str, tuple[Rule, ...]] = {
    "Age": (Rule("age-1", where(_not_ucum), "An age needs a UCUM code."),),
    "Distance": (Rule("dis-1", where(_not_ucum), "A distance needs a UCUM code."),),
    "Attachment": (
        Rule("att-1", _needs("data", "contentType"), "An attachment with data needs a contentType."),
        Rule(
            "attachment-size",
            where(lambda value: len(value.get("data", "")) > ATTACHMENT_CHARACTERS, "data"),
            f"Attachment.data takes up to {ATTACHMENT_CHARACTERS} base64 characters; send a url for more.",
            "too-long",
            Category.TOO_LARGE,
        ),
    ),
    **BUNDLE_RULES,
    "ContactPoint": (
        Rule("cpt-2", _needs("value", "system"), "A contact point with a value needs a system."),
    ),
    "Extension": (
        Rule(
            "ext-1",
            where(lambda value: has(value, "extension") == _has_choice(value, "value")),
            "An extension has either a value or extensions, one of them and not both.",
        ),
    ),
    "Observation": (
        Rule(
            "obs-6",
            where(
                lambda value: has(value, "dataAbsentReason") and _has_choice(value, "value"),
                "dataAbsentReason",
            ),
            "dataAbsentReason stands only where there is no value.",
        ),
        Rule(
            "obs-7",
            where(_component_repeats_code, "value"),
            "A component with the code of the Observation takes the place of the value.",
        ),
    ),
    "Observation.referenceRange": (
        Rule(
            "obs-3",
            where(lambda value: not any(has(value, name) for name in ("low", "high", "text"))),
            "A reference range needs low, high or text.",
        ),
    ),
    "Organization": (
        Rule(
            "org-1",
            where(lambda value: not (has(value, "identifier") or has(value, "name"))),
            "An organization needs a name or an identifier.",
        ),
        Rule("org-2", _home("address"), "An address of an organization is never of use home."),
        Rule("org-3", _home("telecom"), "A telecom of an organization is never of use home."),
    ),
    "Patient.contact": (
        Rule(
            "pat-1",
            where(
                lambda value: (
                    not any(has(value, name) for name in ("name", "telecom", "address", "organization"))
                )
            ),
            "A contact needs a name, telecom, address or organization.",
        ),
    ),
    "Period": (Rule("per-1", _in_order("start", "end"), "end must not be before start."),),
    "Quantity": (Rule("qty-3", _needs("code", "system"), "A coded unit needs its system."),),
    "Range": (Rule("rng-2", where(_range_reversed, "high"), "high must not be below low."),),
    "Ratio": (
        Rule(
            "rat-1",
            where(_ratio_halved),
            "A ratio has numerator and denominator, or neither and an extension.",
        ),
    ),
    "ServiceRequest": (
        Rule("prr-1", _needs("orderDetail", "code"), "orderDetail stands only where there is a code."),
    ),
    "Task": (
        Rule("inv-1", _in_order("authoredOn", "lastModified"), "lastModified must not be before authoredOn."),
    ),
    "Timing.repeat": (
        Rule("tim-1", _needs("duration", "durationUnit"), "A duration needs its unit."),
        Rule("tim-2", _needs("period", "periodUnit"), "A period needs its unit."),
        Rule("tim-4", _negative("duration"), "A duration is never negative."),
        Rule("tim-5", _negative("period"), "A period is never negative."),
        Rule("tim-6", _needs("periodMax", "period"), "periodMax needs period."),
        Rule("tim-7", _needs("durationMax", "duration"), "durationMax needs duration."),
        Rule("tim-8", _needs("countMax", "count"), "countMax needs count."),
        Rule("tim-9", where(_offset_alone, "offset"), "offset needs a when, and not one of C, CM, CD, CV."),
        Rule("tim-10", _both("timeOfDay", "when"), "timeOfDay and when exclude each other."),
    ),
}
