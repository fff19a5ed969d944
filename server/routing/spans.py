"""Durations in policy files."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from server.routing.schema import Parsed

_UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}


def duration(*, required: bool = True) -> Parsed[timedelta]:
    """A number and its unit."""
    sentence = "must be a duration above zero in s, min, h or d, such as '30 min' or '3 d'"
    return Parsed(_span, sentence, required=required)


def _span(value: Any) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,4}) (s|min|h|d)", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not a duration")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
