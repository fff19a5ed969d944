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
    within: Flags
    """True: no value lies outside what the card calls trained; others are never trained on."""
    served: Flags
    """True: also nothing required is missing, so the reader would be asked."""

    def where(self, chosen: Flags) -> Table:
        kept = tuple(number for number, keep in zip(self.casenum, chosen, strict=True) if keep)
        return Table(kept, self.x[chosen], self.y[chosen], self.within[chosen], self.served[chosen])


def load(card: Card, extra: Iterable[str] = ()) -> Table:
    """All labelled patients, by case number; ``extra`` columns come after the card's, as they stand."""
    with SOURCE.open(newline="", encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=_case)
    plausible = {feature.name: feature.plausible for feature in card.contract.features}
    names = (*columns(card), *extra)
    x = np.array([[_cell(row, name, plausible.get(name)) for name in names] for row in rows])
    y = np.array([int(float(row["abm"])) for row in rows])
    within = _within(card, x)
    return Table(tuple(_case(row) for row in rows), x, y, within, within & _complete(card, x))


def development(table: Table) -> Table:
    """The patients that models are made and chosen with: not held out, nothing outside the ranges."""
    out = held_out(table)
    return table.where(table.within & np.array([number not in out for number in table.casenum]))


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


def _within(card: Card, x: Floats) -> Flags:
    """As ``server.contract`` decides: nothing measured lies outside what was trained."""
    spans = [feature.trained for feature in card.contract.features] + [card.contract.age_years]
    low, high = ([float(getattr(span, end)) for span in spans] for end in ("low", "high"))
    values = x[:, : len(spans)]
    return np.asarray(~((values < low) | (values > high)).any(axis=1), dtype=bool)


def _complete(card: Card, x: Floats) -> Flags:
    """Everything required is there; the age always is required."""
    required = [index for index, each in enumerate(card.contract.features) if each.required]
    unknown = np.isnan(x[:, [*required, len(card.contract.features)]])
    return np.asarray(~unknown.any(axis=1), dtype=bool)
