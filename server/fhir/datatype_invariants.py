"""The R4 invariants of the datatypes, each under its official key; and the open required bindings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from server.errors import Category
from server.fhir.invariant import (
    Breaks,
    Rule,
    Value,
    has,
    has_choice,
    just_one_of,
    needs,
    not_both,
    one_of,
    where,
)
from server.fhir.primitives import GAPS, in_order

ATTACHMENT_CHARACTERS = 4 * 2**20
"""Base64 characters of one Attachment.data: 3 MiB of content."""
UCUM = "http://unitsofmeasure.org"
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][\w!#$&^.+-]{0,126}/[\w!#$&^.+*-]{1,127}(?: ?;.*)?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")


def ordered(earlier: str, later: str) -> Breaks:
    """``later`` must not lie before ``earlier``."""
    return where(
        lambda value: earlier in value and later in value and not in_order(value[earlier], value[later]),
        later,
    )


def media_type(name: str) -> Rule:
    """The required binding to BCP 13, which no list can hold: what is no type/subtype is not in it."""

    def breaks(value: Value) -> list[str]:
        found = value.get(name)
        if isinstance(found, list):
            return [f"{name}[{at}]" for at, each in enumerate(found) if each and not _is_media_type(each)]
        return [name] if found and not _is_media_type(found) else []

    return Rule(
        "mimetypes",
        breaks,
        "R4 requires a media type (BCP 13) here, as in image/png.",
        "code-invalid",
    )


def _is_media_type(text: str) -> bool:
    return _MEDIA_TYPE.fullmatch(text) is not None


def _stated_size_differs(value: Value) -> bool:
    if "size" not in value or "data" not in value:
        return False
    dense = value["data"].translate(GAPS)
    return bool(value["size"] != len(dense) * 3 // 4 - dense[-2:].count("="))


def _of_ucum(value: Value) -> bool:
    return bool(value.get("system", UCUM) == UCUM)


def _measured(*more: Callable[[Value], bool]) -> Breaks:
    """A value has a code, a system is UCUM, and ``more``."""
    return where(
        lambda value: (
            (has(value, "value") and not has(value, "code"))
            or not _of_ucum(value)
            or not all(test(value) for test in more)
        )
    )


def _not_whole(value: Value) -> bool:
    return "." in str(value.get("value", "")) or value.get("code", "1") != "1"


def _range_reversed(value: Value) -> bool:
    low, high = value.get("low", {}), value.get("high", {})
    units = [(each.get("system"), each.get("code") or each.get("unit")) for each in (low, high)]
    comparable = "value" in low and "value" in high and units[0] == units[1]
    return comparable and Decimal(low["value"]) > Decimal(high["value"])


def _ratio_halved(value: Value) -> bool:
    numerator, denominator = has(value, "numerator"), has(value, "denominator")
    return numerator != denominator or not (numerator or has(value, "extension"))


def _negative(name: str) -> Breaks:
    return where(lambda value: value.get(name, 0) < 0, name)


def _offset_alone(value: Value) -> bool:
    when = value.get("when", [])
    return has(value, "offset") and (not when or bool({"C", "CM", "CD", "CV"} & set(when)))


def _trigger_unlike_its_type(value: Value) -> bool:
    kind = value.get("type", "")
    return (
        (kind == "named-event" and not has(value, "name"))
        or (kind == "periodic" and not has_choice(value, "timing"))
        or (kind.startswith("data-") and not has(value, "data"))
    )


_QTY_3 = Rule("qty-3", needs("code", "system"), "A coded unit needs its system.")
_PATH_OR_PARAMETER = just_one_of("path", "searchParam")

DATATYPE_RULES: Mapping[str, tuple[Rule, ...]] = {
    "Age": (
        _QTY_3,
        Rule(
            "age-1",
            _measured(lambda value: value.get("value", 1) > 0),
            "An age needs a UCUM code, and is positive.",
        ),
    ),
    "Attachment": (
        Rule("att-1", needs("data", "contentType"), "An attachment with data needs a contentType."),
        media_type("contentType"),
        Rule(
            "attachment-stated-size",
            where(_stated_size_differs, "size"),
            "Attachment.size is the number of bytes that data decodes to.",
            "value",
        ),
        Rule(
            "attachment-size",
            where(lambda value: len(value.get("data", "")) > ATTACHMENT_CHARACTERS, "data"),
            f"Attachment.data takes up to {ATTACHMENT_CHARACTERS} base64 characters; send a url for more.",
            "too-long",
            Category.TOO_LARGE,
        ),
    ),
    "ContactPoint": (
        Rule("cpt-2", needs("value", "system"), "A contact point with a value needs a system."),
    ),
    "Count": (
        _QTY_3,
        Rule(
            "cnt-3",
            _measured(lambda value: not _not_whole(value)),
            "A count is a whole number with the UCUM code 1.",
        ),
    ),
    "DataRequirement.codeFilter": (
        Rule("drq-1", _PATH_OR_PARAMETER, "A filter has either a path or a searchParam."),
    ),
    "DataRequirement.dateFilter": (
        Rule("drq-2", _PATH_OR_PARAMETER, "A filter has either a path or a searchParam."),
    ),
    "Distance": (_QTY_3, Rule("dis-1", _measured(), "A distance needs a UCUM code.")),
    "Duration": (
        _QTY_3,
        Rule(
            "drt-1",
            where(
                lambda value: has(value, "code") and not (value.get("system") == UCUM and has(value, "value"))
            ),
            "The code of a duration is of UCUM and stands beside a value.",
        ),
    ),
    "Expression": (
        Rule("exp-1", one_of("expression", "reference"), "An Expression needs an expression or a reference."),
    ),
    "Extension": (
        Rule(
            "ext-1",
            where(lambda value: has(value, "extension") == has_choice(value, "value")),
            "An extension has either a value or extensions, one of them and not both.",
        ),
    ),
    "Money": (
        Rule(
            "currencies",
            where(
                lambda value: "currency" in value and not _CURRENCY.fullmatch(value["currency"]), "currency"
            ),
            "R4 requires a currency of ISO 4217 here, three capital letters.",
            "code-invalid",
        ),
    ),
    "Period": (Rule("per-1", ordered("start", "end"), "end must not be before start."),),
    "Quantity": (_QTY_3,),
    "Range": (Rule("rng-2", where(_range_reversed, "high"), "high must not be below low."),),
    "Ratio": (
        Rule(
            "rat-1",
            where(_ratio_halved),
            "A ratio has numerator and denominator, or neither and an extension.",
        ),
    ),
    "Signature": (media_type("targetFormat"), media_type("sigFormat")),
    "SimpleQuantity": (
        _QTY_3,
        Rule(
            "sqty-1",
            where(lambda value: has(value, "comparator"), "comparator"),
            "This quantity takes no comparator.",
        ),
    ),
    "Timing.repeat": (
        Rule("tim-1", needs("duration", "durationUnit"), "A duration needs its unit."),
        Rule("tim-2", needs("period", "periodUnit"), "A period needs its unit."),
        Rule("tim-4", _negative("duration"), "A duration is never negative."),
        Rule("tim-5", _negative("period"), "A period is never negative."),
        Rule("tim-6", needs("periodMax", "period"), "periodMax needs period."),
        Rule("tim-7", needs("durationMax", "duration"), "durationMax needs duration."),
        Rule("tim-8", needs("countMax", "count"), "countMax needs count."),
        Rule("tim-9", where(_offset_alone, "offset"), "offset needs a when, and not one of C, CM, CD, CV."),
        Rule("tim-10", not_both("timeOfDay", "when"), "timeOfDay and when exclude each other."),
    ),
    "TriggerDefinition": (
        Rule(
            "trd-1",
            where(lambda value: has(value, "data") and has_choice(value, "timing"), "data"),
            "A trigger has a timing or data, not both.",
        ),
        Rule("trd-2", needs("condition", "data"), "A condition stands only where there is data."),
        Rule(
            "trd-3",
            where(_trigger_unlike_its_type),
            "A named-event needs a name, a periodic trigger a timing, one on data needs data.",
        ),
    ),
}
