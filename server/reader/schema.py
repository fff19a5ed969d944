"""The shape of a card file, key by key. What a file holds is never quoted in a refusal."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from server.model import Coding, Device, Span

T = TypeVar("T")
LOINC = "http://loinc.org"

_KINDS = ("required", "null", "invalid", "type", "invalid_utf8")
_TEXT = "must be a text that is not empty"
_SPAN = "must have low and high, two numbers with low under high"
_UNITS = "must map at least one UCUM unit to a factor above zero"
_KIND = "must be tabular (or left out) or film"
_STRINGS = "must be a list of at least one text"
_FIGURE = "must be a share with its interval, such as '0.91 (0.86 to 0.95)'"
_SEXES = ("female", "male", "other", "unknown")
_SEX = f"must be one of: {', '.join(_SEXES)}"
_OF_DEVICE = {"maker", "model", "software"}
_DEVICES = "must be a list of { maker, model, software }, of which the last two may be left out"
_CODES = "must be a list of { code, display } with at least one entry"


class Strict(Schema):
    """A schema that refuses what it does not know and lists what it does."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        known = ", ".join(self.fields)
        self.error_messages["unknown"] = f"there is no such key; the keys here are: {known}"
        self.error_messages["type"] = f"must be a table with the keys: {known}"


class Checked(fields.Field[T]):
    """A value that one function reads, required as a rule; its ValueError or KeyError means: not allowed."""

    def __init__(self, sentence: str, parse: Callable[[Any], T], *, required: bool = True) -> None:
        plain = sentence.replace("{", "{{").replace("}", "}}")  # marshmallow formats its messages
        super().__init__(required=required, error_messages=dict.fromkeys(_KINDS, plain))
        self._parse = parse

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> T:
        del attr, data, rest
        try:
            return self._parse(value)
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
            raise self.make_error("invalid") from error


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError
    return tuple(_text(each) for each in value)


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        raise ValueError
    return Decimal(value)


def _span(value: Any) -> Span:
    span = Span(_number(value["low"]), _number(value["high"]))
    if set(value) != {"low", "high"} or span.low >= span.high:
        raise ValueError
    return span


def _units(value: Any) -> Mapping[str, Decimal]:
    units = {_text(unit): _number(factor) for unit, factor in value.items()}
    if not units or min(units.values()) <= 0:
        raise ValueError
    return units


def _hours(value: Any) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,3}) h", value)
    if found is None:
        raise ValueError
    return timedelta(hours=int(found[1]))


def _coding(system: str, value: Any) -> Coding:
    if set(value) != {"code", "display"}:
        raise ValueError
    return Coding(system, _text(value["code"]), _text(value["display"]))


def _codings(system: str, value: Any) -> tuple[Coding, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError
    return tuple(_coding(system, each) for each in value)


def _value_set(value: Any) -> tuple[Coding, ...]:
    return tuple(code for system, codes in value.items() for code in _codings(_text(system), codes))


def _matching(pattern: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if re.fullmatch(pattern, value) is None:
            raise ValueError
        return str(value)

    return parse


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - Checked turns it into the sentence of the key
    return value


def _count(value: Any) -> int:
    number = _number(value)
    if number != int(number) or number < 1:
        raise ValueError
    return int(number)


def _real(value: Any) -> float:
    """A number that is one in binary, too; 1e400 would be infinite there."""
    number = float(_number(value))
    if not math.isfinite(number):
        raise ValueError
    return number


def _fraction(value: Any) -> float:
    number = _number(value)
    if not 0 < number < 1:
        raise ValueError
    return float(number)


def _correlation(value: Any) -> float:
    number = _number(value)
    if not -1 <= number <= 1:
        raise ValueError
    return float(number)


def _devices(value: Any) -> tuple[Device, ...]:
    if not isinstance(value, list) or not value or any(set(each) - _OF_DEVICE for each in value):
        raise ValueError
    return tuple(Device(**{name: _text(part) for name, part in each.items()}) for each in value)


class FeatureSchema(Strict):
    """One entry of ``features``."""

    name = Checked("must be lower-case letters, digits and _", _matching(r"[a-z][a-z0-9_]*"))
    label = Checked(_TEXT, _text)
    unit = Checked("must be a UCUM unit, one of those under units", _text)
    required = Checked("must be true or false", _flag)
    max_age = Checked("must be whole hours, such as '48 h'", _hours)
    plausible = Checked(_SPAN, _span)
    trained = Checked(_SPAN, _span)
    codes = Checked(_CODES, lambda value: _codings(LOINC, value))
    units = Checked(_UNITS, _units)


class CodeSchema(Strict):
    """``finding`` and ``report_code``."""

    system = Checked("must be the URI of a code system", _text)
    code = Checked("must be a code of that system", _text)
    display = Checked("must be the name of that code", _text)


class BandSchema(Strict):
    """``band``."""

    absent_at_most = Checked("must be a probability between 0 and 1", _fraction)
    present_at_least = Checked("must be a probability between 0 and 1", _fraction)


class ModelSchema(Strict):
    """``model``."""

    file = Checked("must be a plain name ending in .ubj or .json", _matching(r"[\w-]+\.(ubj|json)"))
    digest = Checked("must be a SHA-256, 64 lower-case hex digits", _matching(r"[0-9a-f]{64}"))


class FilmModelSchema(ModelSchema):
    """``model`` of a reader of films."""

    file = Checked("must be a plain name ending in .onnx", _matching(r"[\w-]+\.onnx"))


class FilmSchema(Strict):
    """``film``."""

    modalities = Checked(_STRINGS, _strings)
    body_parts = Checked(_STRINGS, _strings)
    views = Checked(_STRINGS, _strings)
    pixels = Checked(_SPAN, _span)
    aspect = Checked(_SPAN, _span)
    devices = Checked(_DEVICES, _devices, required=False)


class SubgroupSchema(Strict):
    """One entry of ``subgroups``."""

    name = Checked(_TEXT, _text)
    people = Checked("must be how many people it was tested on, at least 1", _count)
    sensitivity = Checked(_FIGURE, _matching(r"[01]\.\d+ \([01]\.\d+ to [01]\.\d+\)"))
    specificity = Checked(_FIGURE, _matching(r"[01]\.\d+ \([01]\.\d+ to [01]\.\d+\)"))
    age_years = Checked(_SPAN, _span, required=False)
    sex = fields.String(
        validate=validate.OneOf(_SEXES, error=_SEX), error_messages=dict.fromkeys(_KINDS, _SEX)
    )

    @validates_schema(skip_on_field_errors=True)
    def _some(self, data: Mapping[str, Any], **_: Any) -> None:
        if not data.keys() & {"age_years", "sex"}:
            raise ValidationError("must say who they are: age_years, sex, or both")


class SharedErrorsSchema(Strict):
    """``shared_errors``."""

    other = Checked("must be the other model's name@version", _matching(r"[^@\s]+@\d+\.\d+\.\d+"))
    phi = Checked("must be a number from -1 to 1", _correlation)
    cases = Checked("must be on how many cases it was measured, at least 1", _count)


class CardSchema(Strict):
    """What every card file says."""

    kind = fields.String(load_default="tabular", validate=validate.OneOf(("tabular", "film"), error=_KIND))

    question = Checked("must be lower-case letters, digits and -", _matching(r"[a-z][a-z0-9-]*"))
    name = Checked(_TEXT, _text)
    version = Checked("must be three numbers, such as 1.0.0", _matching(r"\d+\.\d+\.\d+"))
    title = Checked(_TEXT, _text)
    manufacturer = Checked(_TEXT, _text)
    intended_use = Checked(_TEXT, _text)
    limits = fields.List(Checked(_TEXT, _text), required=True, validate=validate.Length(min=1))
    finding = fields.Nested(CodeSchema, required=True)
    report_code = fields.Nested(CodeSchema, required=True)
    age_years = Checked(_SPAN, _span)
    band = fields.Nested(BandSchema, required=True)
    present = Checked("must map code systems to lists of { code, display }", _value_set)
    absent = Checked("must map code systems to lists of { code, display }", _value_set)
    calibration = fields.Dict(Checked(_TEXT, _text), Checked("must be a number", _real), required=True)
    performance = fields.Dict(Checked(_TEXT, _text), Checked(_TEXT, _text), required=True)
    subgroups = fields.List(fields.Nested(SubgroupSchema), load_default=list)
    family = Checked(_TEXT, _text, required=False)
    trained_on = Checked(_TEXT, _text, required=False)
    shared_errors = fields.Nested(SharedErrorsSchema)
    settles = fields.List(Checked(_TEXT, _text), load_default=list)


class TabularCardSchema(CardSchema):
    """The card file of a reader of tables."""

    features = fields.List(fields.Nested(FeatureSchema), required=True, validate=validate.Length(min=1))
    model = fields.Nested(ModelSchema, required=True)


class FilmCardSchema(CardSchema):
    """The card file of a reader of films."""

    film = fields.Nested(FilmSchema, required=True)
    model = fields.Nested(FilmModelSchema, required=True)
