"""Where a file is not TOML: its place alone, for the parser's own sentence may quote what stands there."""

from __future__ import annotations

import re
import tomllib

_PLACE = re.compile(r"\((at line \d+, column \d+|at end of document)\)$")


def where(error: tomllib.TOMLDecodeError) -> str:
    """``at line 3, column 7``, or ``at end of document``."""
    place = _PLACE.search(str(error))
    return place[1] if place else "somewhere"
