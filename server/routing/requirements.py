"""The table ``matching`` of a policy: what is demanded of a specialist, and what counts how much."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from server.model import Coding, Matching, Spoken, Weights
from server.routing.schema import Strict, allowed, share, text

_TRUTH = "must be true or false"
_CAP = "must be a number of open offers from 1 to 10000; left out: no cap"
_SUM = "must be weights that add up to 1"
_ROUNDING = 1e-6
_LANGUAGE = f"must be one of: {', '.join(Spoken)}"
_CODES = "must be a list of qualifications, each with system, code and display"


class CodingSchema(Strict):
    """A code with its system and its name."""

    system = text(r"(https?://|urn:)\S+", "must be the URI of a code system")
    code = text(r"\S+( \S+)*", "must be a code of that system")
    display = text(r"\S.*", "must be the name of that code")

    @post_load
    def _coding(self, data: dict[str, str], **_: Any) -> Coding:
        return Coding(**data)


def _truth() -> fields.Boolean:
    return fields.Boolean(truthy={True}, falsy={False}, error_messages=allowed(_TRUTH))


class WeightsSchema(Strict):
    """The table ``matching.weights``: all of them, so that nobody has to know what the others would be."""

    specialty = share()
    volume = share()
    speed = share()
    quality = share()
    free = share(data_key="load", attribute="load")  # a Schema has a method of that name

    @validates_schema(skip_on_field_errors=True)
    def _whole(self, data: dict[str, float], **_: Any) -> None:
        if abs(sum(data.values()) - 1) > _ROUNDING:
            raise ValidationError(_SUM)

    @post_load
    def _weights(self, data: dict[str, float], **_: Any) -> Weights:
        return Weights(**data)


class MatchingSchema(Strict):
    """The table ``matching``; what is left out is as ``server.model.Matching`` has it."""

    credentials = fields.List(fields.Nested(CodingSchema), error_messages=allowed(_CODES))
    licence = _truth()
    language = fields.Enum(Spoken, by_value=True, error_messages=allowed(_LANGUAGE))
    reporting_line = _truth()
    most_open = fields.Integer(
        strict=True, validate=validate.Range(1, 10_000, error=_CAP), error_messages=allowed(_CAP)
    )
    measured = _truth()
    confidence = share(required=False)
    weights = fields.Nested(WeightsSchema, error_messages=allowed(_SUM))

    @post_load
    def _matching(self, data: dict[str, Any], **_: Any) -> Matching:
        if "credentials" in data:
            data = {**data, "credentials": tuple(data["credentials"])}
        return Matching(**data)
