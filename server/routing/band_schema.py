"""The keys of a policy file that tell cases apart: pathway, risk bands, and how sure is sure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from server.model import Band, Device, Pathway, RiskBand, Thresholds
from server.routing.pathways import PRIORITIES
from server.routing.rules import RULES
from server.routing.schema import Strict, allowed, share, text

PATHWAY: Final = f"must be one of: {', '.join(Pathway)}"
_NAME = "must be small letters and digits, joined by hyphens"
_PRIORITY = f"must be a list of priorities, each one of: {', '.join(PRIORITIES)}"
_PROBABILITY = "must be two numbers from 0 to 1, the smaller first"
_FIRST = "must name a kind of device before those that it is one of: the first that fits counts"
_DEVICE = "must be a text, as the device writes it; left out: any"
_EITHER = "must say either priority or probability: by which of them a case is in the band"
_CHANGES = "must say what is other in the band: pathway, rule, or both"
_TOO_LATE = "cannot be told by probability: when the model has read, it has been asked; give the band a rule"
_ORDER = "must list bands by priority before those by probability, and no name twice"
_P4 = "must be given with rule P4, and with no other"
_BAND_RULE = f"must be one of: {', '.join(RULES)}"


def pathway(sentence: str) -> fields.Field[Any]:
    """Left out: what the rest of the file says."""
    return fields.Enum(Pathway, by_value=True, error_messages=allowed(sentence))


class BetweenSchema(Strict):
    """Two thresholds."""

    absent_at_most = share()
    present_at_least = share()

    @validates_schema(skip_on_field_errors=True)
    def _apart(self, data: dict[str, float], **_: Any) -> None:
        if data["absent_at_most"] >= data["present_at_least"]:
            raise ValidationError("must be more than absent_at_most", "present_at_least")

    @post_load
    def _band(self, data: dict[str, Any], **_: Any) -> Any:
        return Band(**data)


class DeviceSchema(BetweenSchema):
    """One table of ``thresholds.devices``."""

    SENTENCE: ClassVar = "must be a list of tables: maker, model, software, absent_at_most, present_at_least"

    maker = text(r"\S.*", "must be the Manufacturer (0008,0070) as the device writes it")
    model = fields.String(load_default="", error_messages=allowed(_DEVICE))
    software = fields.String(load_default="", error_messages=allowed(_DEVICE))

    @post_load
    def _band(self, data: dict[str, Any], **_: Any) -> Any:
        kind = Device(data.pop("maker"), data.pop("model"), data.pop("software"))
        return kind, Band(**data)


class ThresholdsSchema(Strict):
    """The table ``thresholds``."""

    SENTENCE: ClassVar = (
        "must be a table: absent_at_most and present_at_least, between which the model declines, devices, or "
        "all three"
    )

    absent_at_most = share(required=False)
    present_at_least = share(required=False)
    devices = fields.List(
        fields.Nested(DeviceSchema), load_default=list, error_messages=allowed(DeviceSchema.SENTENCE)
    )

    @validates_schema(skip_on_field_errors=True)
    def _whole(self, data: dict[str, Any], **_: Any) -> None:
        given = data.keys() & {"absent_at_most", "present_at_least"}
        if len(given) == 1 or not (given or data["devices"]):
            raise ValidationError(self.SENTENCE)
        if given and data["absent_at_most"] >= data["present_at_least"]:
            raise ValidationError("must be more than absent_at_most", "present_at_least")
        kinds = [kind for kind, _ in data["devices"]]
        if any(one.covers(kind) for at, kind in enumerate(kinds) for one in kinds[:at]):
            raise ValidationError(_FIRST, "devices")

    @post_load
    def _thresholds(self, data: dict[str, Any], **_: Any) -> Thresholds:
        devices = tuple(data.pop("devices"))
        return Thresholds(Band(**data) if data else None, devices)


class ConfidentSchema(BetweenSchema):
    """The table ``confident``."""

    SENTENCE: ClassVar = (
        "must be a table: absent_at_most and present_at_least, from where on P4 calls it sure"
    )


class BandSchema(Strict):
    """One table of ``bands``."""

    SENTENCE: ClassVar = "must be a list of tables: name, priority or probability, and pathway or rule"

    name = text("[a-z0-9]+(-[a-z0-9]+)*", _NAME)
    priority = fields.List(
        fields.String(
            validate=validate.OneOf(PRIORITIES, error=_PRIORITY), error_messages=allowed(_PRIORITY)
        ),
        validate=validate.Length(1, error=_PRIORITY),
        error_messages=allowed(_PRIORITY),
    )
    probability = fields.List(
        share(), validate=validate.Length(equal=2, error=_PROBABILITY), error_messages=allowed(_PROBABILITY)
    )
    pathway = pathway(PATHWAY)
    rule = fields.String(
        validate=validate.OneOf(tuple(RULES), error=_BAND_RULE), error_messages=allowed(_BAND_RULE)
    )

    @validates_schema(skip_on_field_errors=True)
    def _whole(self, data: dict[str, Any], **_: Any) -> None:
        if ("priority" in data) == ("probability" in data):
            raise ValidationError(_EITHER)
        if "probability" in data and data["probability"][0] > data["probability"][1]:
            raise ValidationError(_PROBABILITY, "probability")
        if not data.keys() & {"pathway", "rule"}:
            raise ValidationError(_CHANGES)
        if "probability" in data and "pathway" in data:
            raise ValidationError(_TOO_LATE, "pathway")

    @post_load
    def _band(self, data: dict[str, Any], **_: Any) -> RiskBand:
        chances = data.get("probability")
        return RiskBand(
            name=data["name"],
            priorities=tuple(data.get("priority", ())),
            probability=(chances[0], chances[1]) if chances else None,
            pathway=data.get("pathway"),
            rule=data.get("rule"),
        )


def amiss(policy: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, sentence) for what is wrong between the bands, and between rules and confidence."""
    bands: Sequence[RiskBand] = policy["bands"]
    by_chance = [each.probability is not None for each in bands]
    if by_chance != sorted(by_chance) or len({each.name for each in bands}) < len(bands):
        yield "bands", _ORDER
    if ("P4" in {policy["rule"], *(each.rule for each in bands)}) != ("confident" in policy):
        yield "confident", _P4
