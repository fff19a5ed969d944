"""The rules of a segment in a structure and version, compiled from hl7apy's tables and our profile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from server.hl7v2.grammar import profile
from server.hl7v2.grammar.datatypes import CHECKS, Check
from server.hl7v2.grammar.structure import tables


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What is asked of one field."""

    position: int
    required: bool
    """By the standard."""
    needed: bool
    """By us."""
    identifies: bool
    """Needed is its first component."""
    single: bool
    kind: str
    """Its data type, where it is one that is checked."""
    check: Check | None
    used: bool
    """What is no value of the data type is refused."""
    table: frozenset[str] | None
    flagged: frozenset[str] | None


@lru_cache(maxsize=512)
def rules(segment: str, structure: str, version: str) -> tuple[FieldRule, ...]:
    """Of those fields only of which something is asked; empty for segments that the version has not."""
    row = tables(version).SEGMENTS.get(segment)
    found = [_rule(segment, structure, child) for child in row[1]] if row else []
    return tuple(each for each in found if _asks(each))


def _rule(segment: str, structure: str, child: Any) -> FieldRule:
    name, row, (least, most), _ = child
    position = int(name.rpartition("_")[2])
    kind = row[2] if row[2] in CHECKS else ""
    needed = profile.NEEDED_FIELDS.get(segment, ()) + profile.NEEDED_IN.get(structure, {}).get(segment, ())
    return FieldRule(
        position=position,
        required=least > 0,
        needed=position in needed,
        identifies=(segment, position) in profile.IDENTIFIERS,
        single=most == 1,
        kind=kind,
        check=CHECKS.get(kind),
        used=position in profile.USED.get(segment, set()),
        table=profile.TABLES.get((segment, position)),
        flagged=profile.FLAGGED.get((segment, position)),
    )


def _asks(rule: FieldRule) -> bool:
    return bool(rule.required or rule.needed or rule.single or rule.check or rule.table or rule.flagged)
