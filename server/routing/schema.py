"""How the files of this room say no: where, and what would be accepted; never the value found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from marshmallow import Schema, fields, validate

from server.toml import Number

T = TypeVar("T")

SHARE = "must be a number from 0 to 1"
_UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}
_KINDS = ("required", "null", "invalid", "special", "too_large", "unknown", "type", "invalid_utf8")


class Strict(Schema):
    """A schema that refuses what it does not know and lists what it does."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        known = ", ".join(field.data_key or name for name, field in self.fields.items())
        self.error_messages["unknown"] = f"there is no such key; the keys here are: {known}"
        self.error_messages["type"] = f"must be a table with the keys: {known}"


class Parsed(fields.Field[T]):
    """A value that one function reads; its ValueError means: not what is allowed."""

    def __init__(self, parse: Callable[[Any], T], sentence: str, *, required: bool = True) -> None:
        super().__init__(required=required, error_messages=allowed(sentence))
        self._parse = parse

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> T:
        del attr, data, rest
        try:
            return self._parse(value)
        except (ValueError, OverflowError) as error:
            raise self.make_error("invalid") from error


def text(pattern: str, sentence: str) -> Parsed[str]:
    """A required text that matches ``pattern`` as a whole."""

    def parse(value: Any) -> str:
        if not isinstance(value, str) or re.fullmatch(pattern, value) is None:
            raise ValueError(sentence)
        return value

    return Parsed(parse, sentence)


def duration(*, required: bool = True) -> Parsed[timedelta]:
    """A span of time."""
    sentence = "must be a duration above zero in s, min, h or d, such as '30 min' or '3 d'"
    return Parsed(_span, sentence, required=required)


def _span(value: Any) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,4}) (s|min|h|d)", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not a duration")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def share(
    sentence: str = SHARE, *, required: bool = True, ends: tuple[bool, bool] = (True, True), **more: Any
) -> Number:
    """A number from 0 to 1; ``ends``: whether 0, and whether 1, are allowed. Its sentence says what is."""
    low, high = ends
    within = validate.Range(0, 1, min_inclusive=low, max_inclusive=high, error=sentence)
    return Number(required=required, validate=within, error_messages=allowed(sentence), **more)


def truth(sentence: str) -> Parsed[bool]:
    """A switch, which may be left out; marshmallow's own would take 'yes' and 1, too."""

    def parse(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(sentence)  # noqa: TRY004 - Parsed turns it into the sentence of the key
        return value

    return Parsed(parse, sentence, required=False)


def allowed(sentence: str) -> dict[str, Any]:
    """One sentence for every way in which a field can be wrong."""
    return dict.fromkeys(_KINDS, sentence)


def complaints(messages: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(dotted key, sentence) for each leaf of a marshmallow error tree."""
    if not isinstance(messages, Mapping):
        yield from ((path, sentence) for sentence in messages)
        return
    for key, below in messages.items():
        yield from complaints(below, path if key == "_schema" else f"{path}.{key}".lstrip("."))
