"""What the TOML files have in common: where one is none, and what is a number in it.

Where: the place alone, for the parser's own sentence may quote what stands there.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from marshmallow import fields

_PLACE = re.compile(r"\((at line \d+, column \d+|at end of document)\)$")


class Number(fields.Float):
    """A TOML integer or float; marshmallow's own would take a text that looks like one, too."""

    def _validated(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


def where(error: tomllib.TOMLDecodeError) -> str:
    """``at line 3, column 7``, or ``at end of document``."""
    place = _PLACE.search(str(error))
    return place[1] if place else "somewhere"
