"""The training data as arrays, and which patients are held out."""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.contract import AGE
from server.model import Card, Span
from server.reader.scale import columns

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SOURCE = Path(__file__).with_name("abm.csv")
HELD_OUT_OF_EACH = 22
"""Patients with, and as many without, the disease, that no training and no choice ever sees."""

_SALT = "abm-holdout-1"
_STEP = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Table:
    """Patients by row. ``x`` has the card's columns, NaN where nothing plausible was measured."""

    casenum: tuple[int, ...]
    x: Floats
    y: NDArray[np.int_]
    served: Flags
    """True: the card's contract is met, so the reader would be asked (within ranges, nothing missing)."""

    def where(self, chosen: Flags) -> Table:
        kept = tuple(number for number, keep in zip(self.casenum, chosen, strict=True) if keep)
        return Table(kept, self.x[chosen], self.y[chosen], self.served[chosen])


def load(card: Card, extra: Iterable[str] = ()) -> Table:
    """All labelled patients, by case number; ``extra`` columns come after the card's, as they stand."""
    with SOURCE.open(newline="", encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=_case)
    plausible = {feature.name: feature.plausible for feature in card.contract.features}
    names = (*columns(card), *extra)
    x = np.array([[_cell(row, name, plausible.get(name)) for name in names] for row in rows])
    y = np.array([int(float(row["abm"])) for row in rows])
    return Table(tuple(_case(row) for row in rows), x, y, _served(card, x))


def development(table: Table) -> Table:
    """The patients that models are made and chosen with."""
    out = held_out(table)
    return table.where(np.array([number not in out for number in table.casenum]))


def final_test(table: Table) -> Table:
    """The held-out patients."""
    out = held_out(table)
    return table.where(np.array([number in out for number in table.casenum]))


def held_out(table: Table) -> frozenset[int]:
    """Case numbers of the held-out patients: those whose hash comes first, of each outcome."""
    chosen: set[int] = set()
    for outcome in (0, 1):
        group = [case for case, y in zip(table.casenum, table.y, strict=True) if y == outcome]
        chosen.update(sorted(group, key=_rank)[:HELD_OUT_OF_EACH])
    return frozenset(chosen)


def _rank(casenum: int) -> str:
    return hashlib.sha256(f"{_SALT}:{casenum}".encode()).hexdigest()


def _case(row: dict[str, str]) -> int:
    return int(float(row["casenum"]))


def _cell(row: dict[str, str], name: str, plausible: Span | None) -> float:
    text = row["age" if name == AGE else name]
    if not text:
        return math.nan
    value = Decimal(text).quantize(_STEP)
    return float(value) if plausible is None or plausible.holds(value) else math.nan


def _served(card: Card, x: Floats) -> Flags:
    """As ``server.contract`` decides: required values there, everything within what was trained."""
    fits = np.ones(len(x), dtype=bool)
    spans = [(f.trained, f.required) for f in card.contract.features] + [(card.contract.age_years, True)]
    for column, (span, required) in enumerate(spans):
        value = x[:, column]
        within = (value >= float(span.low)) & (value <= float(span.high))
        fits &= within | (np.isnan(value) & (not required))
    return fits
