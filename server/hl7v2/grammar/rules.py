"""The rules of a segment in a structure and version, compiled from hl7apy's tables and our profile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from server.hl7v2.grammar import profile
from server.hl7v2.grammar.datatypes import CHECKS, Check
from server.hl7v2.grammar.structure import tables

_ANY = 1_000_000
TEXTS = frozenset({"ST", "TX", "FT"})
"""Types without parts, for people to read."""


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
    barred: bool
    """The version has it no more, or not yet."""
    components: int
    """How many there may be."""
    odd: tuple[tuple[int, bool], ...]
    """Components, counted from 0, that must be there (True), or must not (False)."""
    simple: frozenset[int]
    """Components, counted from 0, that have no parts."""
    text: bool
    kind: str
    """Its data type, where it is one that is checked."""
    check: Check | None
    used: bool
    """What is no value of the data type is refused."""
    table: frozenset[str] | None
    flagged: frozenset[str] | None

    @property
    def plain(self) -> bool:
        """Nothing is asked of what it says."""
        return self.check is None and self.table is None and self.flagged is None


@dataclass(frozen=True, slots=True)
class SegmentRules:
    """By position less one; where there is no rule, the version has no such field."""

    fields: tuple[FieldRule | None, ...]
    must: tuple[FieldRule, ...]
    """Required or needed."""
    texts: tuple[int, ...]
    """Positions of those that are text."""


def rules(segment: str, structure: str, version: str) -> SegmentRules | None:
    """None: the version does not know the segment."""
    return _rules(segment, version, profile.NEEDED_IN.get(structure, {}).get(segment, ()))


@lru_cache(maxsize=2048)
def _rules(segment: str, version: str, needed: tuple[int, ...]) -> SegmentRules | None:
    row = tables(version).SEGMENTS.get(segment)
    if row is None:
        return None
    needed += profile.NEEDED_FIELDS.get(segment, ())
    found = {rule.position: rule for rule in (_rule(segment, needed, child) for child in row[1])}
    fields = tuple(found.get(position) for position in range(1, max(found) + 1))
    must = tuple(each for each in found.values() if each.required or each.needed)
    return SegmentRules(fields, must, tuple(each.position for each in found.values() if each.text))


def _rule(segment: str, needed: tuple[int, ...], child: Any) -> FieldRule:
    name, row, (least, most), _ = child
    position = _number(name)
    used = position in profile.USED.get(segment, set())
    # Where a version has withdrawn what we read, it is what it was.
    kind = row[2] if row[2] in CHECKS else "TS" if used else ""
    components, odd = _components(row)
    return FieldRule(
        position=position,
        required=least > 0,
        needed=position in needed,
        identifies=(segment, position) in profile.IDENTIFIERS,
        single=most == 1,
        barred=most == 0,
        components=components,
        odd=odd,
        simple=_simple(row),
        text=row[2] in TEXTS,
        kind=kind,
        check=CHECKS.get(kind),
        used=used,
        table=profile.TABLES.get((segment, position)),
        flagged=profile.FLAGGED.get((segment, position)),
    )


def _components(row: Any) -> tuple[int, tuple[tuple[int, bool], ...]]:
    """How many, and which are required or withdrawn; the last may be of any number."""
    if row[0] != "sequence" or not row[1]:
        return _ANY if row[2] in ("varies", "WD", None) else 1, ()
    found = {_number(each[0]): each[2] for each in row[1]}
    most = max(found)
    limits = ((at, found.get(at, (0, 0))) for at in range(1, most + 1))
    odd = ((at - 1, least > 0) for at, (least, highest) in limits if least > 0 or highest == 0)
    return most, tuple(odd)


def _simple(row: Any) -> frozenset[int]:
    if row[0] != "sequence" or not row[1]:
        return frozenset() if row[2] in ("varies", "WD", None) else frozenset({0})
    return frozenset(
        _number(each[0]) - 1 for each in row[1] if each[1][0] == "leaf" and each[1][2] != "varies"
    )


def _number(name: str) -> int:
    """Of ``PID_3``."""
    return int(name.rpartition("_")[2])
