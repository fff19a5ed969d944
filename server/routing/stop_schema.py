"""The table ``stop`` of a policy file: from where on two humans read every case again."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from server.model import StopRule
from server.routing.schema import Strict, allowed, duration, share
from server.routing.stop import FEWEST

_AT_LEAST: Final = f"must be a number of cases from {FEWEST} to 1000000"
_LIMITS: Final = "must be two numbers from 0 to 1, the smaller first: the limits of a share"
_COUNT: Final = "must be a number of cases from 0 to 1000000"
_MOST: Final = 1_000_000
_REACHED: Final = "must leave room on one side: a share is never below 0 or above 1"
_KEYS: Final = ("discordance", "positive", "declined_at_most", "missed_at_most")
_SOME: Final = f"must have at least one limit: {', '.join(_KEYS)}"


def _limits() -> fields.Field[Any]:
    return fields.List(
        share(_LIMITS, required=False),
        validate=validate.Length(equal=2, error=_LIMITS),
        error_messages=allowed(_LIMITS),
    )


class StopSchema(Strict):
    """The table ``stop``."""

    SENTENCE: ClassVar = "must be a table: window, at_least, and a limit at which two humans read every case"

    window = duration()
    at_least = fields.Integer(
        strict=True,
        required=True,
        validate=validate.Range(FEWEST, _MOST, error=_AT_LEAST),
        error_messages=allowed(_AT_LEAST),
    )
    discordance = _limits()
    positive = _limits()
    declined_at_most = share(required=False)
    missed_at_most = fields.Integer(
        strict=True, validate=validate.Range(0, _MOST, error=_COUNT), error_messages=allowed(_COUNT)
    )

    @validates_schema(skip_on_field_errors=True)
    def _whole(self, data: dict[str, Any], **_: Any) -> None:
        if not any(key in data for key in _KEYS):
            raise ValidationError(_SOME)
        for key in ("discordance", "positive"):
            if key in data and data[key][0] >= data[key][1]:
                raise ValidationError(_LIMITS, key)
            if data.get(key) == [0, 1]:
                raise ValidationError(_REACHED, key)

    @post_load
    def _rule(self, data: dict[str, Any], **_: Any) -> StopRule:
        for key in ("discordance", "positive"):
            if key in data:
                data[key] = (data[key][0], data[key][1])
        return StopRule(**data)
