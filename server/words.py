"""What a person writes on the command line and others will read: one line, not empty, not endless."""

from __future__ import annotations

import re
from typing import Any

import click

_LONGEST = 500
# What FHIR strings may not hold (R4 datatypes.html#string; XML 1.0 section 2.2), and line breaks.
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


class Words(click.ParamType[str]):
    """A name or a reason."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = " ".join(str(value).split(" ")).strip()
        if not text or len(text) > _LONGEST or _UNREADABLE.search(text):
            self.fail(
                f"must be one line of 1 to {_LONGEST} characters without control characters", param, ctx
            )
        return text


WORDS = Words()
