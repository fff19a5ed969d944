"""Sensitivity and specificity of both readers: corrected by the audits, or relative (second-reading 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from server.routing.predictive import predictive, turned
from server.routing.shares import MOST, Figure, ranged, share
from server.routing.statistics import FIRST, MODEL, Cells, Verified, corrected
from server.routing.told import FEW, HIDDEN, Read, Told

_ALL = frozenset("abcd")
_TOO_FEW = "too few cases in which both agree were read by a specialist, or a number is not told"


def accuracy(told: Told, uncorrected: str | None) -> dict[str, Any]:
    whole = None if uncorrected else _corrected(told)
    if whole is not None:
        return {"kind": "corrected", **whole}
    why = uncorrected or _TOO_FEW
    b, c = told.reads["b"].known, told.reads["c"].known
    if b is None or c is None:
        return {"kind": "relative", "whyNotCorrected": why, "model": HIDDEN, "first": HIDDEN}
    ill, well = b[1] + c[1], b[2] + c[2]
    return {
        "kind": "relative",
        "whyNotCorrected": why,
        "model": {"sensitivity": share(b[1], ill), "specificity": share(c[2], well)},
        "first": {"sensitivity": share(c[1], ill), "specificity": share(b[2], well)},
    }


def _corrected(told: Told) -> dict[str, Any] | None:
    """Over all that the numbers which are not told may be: a range, where there are such."""
    tables = verified(told)
    if not tables:
        return None
    found: dict[str, Any] = {}
    for reader, positive in (("model", MODEL), ("first", FIRST)):
        each = [one for one in (corrected(table, positive) for table in tables) if one is not None]
        found[reader] = {
            "sensitivity": ranged([one.sensitivity for one in each]),
            "specificity": ranged([one.specificity for one in each]),
            **_predictive(tables, positive),
        }
    return found


def _predictive(tables: Sequence[Cells], positive: frozenset[str]) -> dict[str, Figure]:
    """Of a present that it is so, of an absent that it is so, and of an absent that it is not."""
    present = [predictive(each, positive) for each in tables]
    missed = [predictive(each, _ALL - positive) for each in tables]
    return {
        "ppv": ranged(present),
        "npv": ranged([turned(each) for each in missed]),
        "falseOmission": ranged(missed),
    }


def verified(told: Told) -> list[Cells]:
    """What specialists have found in each cell, with every end of what is not told; []: too much is not."""
    sizes = {name: size for name, size in told.cells.items() if isinstance(size, int)}
    reads = {name: each.read for name, each in told.reads.items() if isinstance(each.read, int)}
    if len(sizes) < len(told.cells) or len(reads) < len(told.cells):
        return []
    ways = [
        [Verified(sizes[name], reads[name], present) for present in _may_be(told.reads[name], reads[name])]
        for name in sizes
    ]
    return [dict(zip(sizes, each, strict=True)) for each in product(*ways)]


def _may_be(read: Read, cases: int) -> tuple[int, ...]:
    """How many of so many present there may be, at the ends."""
    if isinstance(read.present, int):
        return (read.present,)
    few = min(MOST, cases)
    return (0, few) if read.present == FEW else (cases - few, cases)
