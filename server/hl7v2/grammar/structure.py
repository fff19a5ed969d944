"""Message structures, compiled from hl7apy's tables: which segment may follow where."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from server.hl7v2.grammar.events import nearest
from server.hl7v2.grammar.profile import NEVER_FIRST

_UNLIMITED = -1
_ONE_NAME = {
    ("ORU_R01", "RESPONSE"): "PATIENT_RESULT",
    ("REF_I12", "PROVIDER"): "PROVIDER_CONTACT",
    ("REF_I12", "AUTHORIZATION"): "AUTHORIZATION_CONTACT",
    ("REF_I12", "AUTHORIZATION_CONTACT1"): "AUTHORIZATION_CONTACT",
    ("REF_I12", "VISIT"): "PATIENT_VISIT",
    ("REF_I12", "RESULTS"): "OBSERVATION",
}
"""What versions call by different names is called by one."""


_WITHIN = {"ORU_R01_COMMON_ORDER"}
"""What it holds belongs to the group around it, where versions before 2.8 have it (ORC)."""


@dataclass(frozen=True, slots=True)
class Part:
    """A segment or a group within a group."""

    name: str
    least: int
    most: int
    group: Shape | None = None
    """None: a segment."""

    def has_room(self, count: int) -> bool:
        return self.most == _UNLIMITED or count < self.most


@dataclass(frozen=True, slots=True)
class Shape:
    """What a group is made of, in order."""

    name: str
    parts: tuple[Part, ...]
    starts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """By segment name: the places of the parts that it may be or begin."""
    first: frozenset[str] = frozenset()
    """What may begin the group."""
    inside: frozenset[str] = frozenset()
    """Every segment that it may have, at any depth."""


@lru_cache(maxsize=256)
def shape(structure: str, version: str) -> Shape:
    """From the version's own table, or the nearest that has it: before a structure came and after it went."""
    for each in nearest(version):
        found = tables(each).MESSAGES.get(structure)
        if found is not None:
            return _shape(structure, structure, found)
    raise LookupError(structure)


def tables(version: str) -> Any:
    """hl7apy's module of a version; importing it takes some 10 ms."""
    return importlib.import_module(f"hl7apy.v{version.replace('.', '_')}")


def _shape(structure: str, name: str, row: Any) -> Shape:
    parts: list[Part] = []
    starts: dict[str, tuple[int, ...]] = {}
    first: set[str] = set()
    open_ = True
    for child in row[1]:
        for part in _parts(structure, name, child):
            begins = _begins(part)
            starts |= {each: (*starts.get(each, ()), len(parts)) for each in begins}
            first |= begins if open_ else set()
            parts.append(part)
        open_ = open_ and child[2][0] == 0
    inside = {each for part in parts for each in (part.group.inside if part.group else {part.name})}
    return Shape(name, tuple(parts), starts, frozenset(first), frozenset(inside))


def _begins(part: Part) -> frozenset[str]:
    return part.group.first - NEVER_FIRST.get(part.name, set()) if part.group else frozenset({part.name})


def _parts(structure: str, within: str, child: Any) -> tuple[Part, ...]:
    full, row, (least, most), kind = child
    if kind == "SEG":
        return (Part(full, least, most),)
    if full in _WITHIN:
        return tuple(part for each in row[1] for part in _parts(structure, within, _optional(each)))
    if row[0] == "choice":
        # One of several segments stands there; it is taken for a part of the group around it.
        return tuple(Part(each[0], 0, 1) for each in row[1])
    name = full.removeprefix(f"{structure}_")
    # 2.3 and 2.3.1 call the results' inner group what later versions call the outer one.
    inner = structure == "REF_I12" and name == "OBSERVATION" and within in ("RESULTS", "OBSERVATION")
    name = "RESULTS_NOTES" if inner else _ONE_NAME.get((structure, name), name)
    return (Part(name, least, most, _shape(structure, name, row)),)


def _optional(child: Any) -> Any:
    name, row, (_, most), kind = child
    return name, row, (0, most), kind
