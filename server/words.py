"""What a person says of a decision and others will read: one line, not empty, not endless."""

from __future__ import annotations

import re
from typing import Any

import click

_LONGEST = 500
# What FHIR strings may not hold (R4 datatypes.html#string; XML 1.0 section 2.2), and line breaks.
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def one_line(text: str) -> str:
    """``text`` without blanks around it.

    Raises:
        ValueError: it is not such a line; the message says what is, and quotes nothing.
    """
    line = text.strip(" ")
    if not line or len(line) > _LONGEST or _UNREADABLE.search(line):
        raise ValueError(f"must be one line of 1 to {_LONGEST} characters without control characters")
    return line


class Words(click.ParamType[str]):
    """A name or a reason on the command line."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return one_line(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


WORDS = Words()
