"""One value through one converter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import Convert
from tests.hl7v2.mapping.full import repetition
from tests.hl7v2.mapping.telling import LINK, NOW


def made(convert: Convert, written: str, **changes: Any) -> tuple[Any, tuple[str, ...]]:
    """What it becomes, and the notes; ``changes`` are of the link."""
    making = Making(replace(LINK, **changes), NOW)
    return convert(repetition(written), making, "ZZZ-1"), making.notes
