"""The kinds of model that can be made here: how XGBoost fits each, and what the inner folds choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True, slots=True)
class Settings:
    """What the inner search chooses."""

    depth: int
    rows: float
    """Share of the rows that a tree sees."""
    columns: float = 0.4
    """Share of the columns that a tree, or a node of it, may ask."""


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of model. What is the same for all of them stands in ``model.fit``."""

    rounds: int
    columns_by: str
    """XGBoost's word for what ``Settings.columns`` is drawn for."""
    parameters: Mapping[str, object]
    grid: tuple[Settings, ...]
    judged_calibrated: bool
    """Whether settings are judged by the log loss after Platt's calibration, or as the model says it."""


BOOSTED = Family(
    rounds=150,
    columns_by="colsample_bytree",
    parameters={"tree_method": "exact", "learning_rate": 0.05},
    grid=tuple(Settings(depth, rows) for depth, rows in product((3, 4, 5), (0.4, 0.7))),
    judged_calibrated=False,
)
"""Gradient-boosted trees: each mends what those before it leave; their log-odds are on scale as they are."""

FOREST = Family(
    rounds=1,
    columns_by="colsample_bynode",
    # The exact method does not draw columns by node.
    parameters={"tree_method": "hist", "learning_rate": 1, "num_parallel_tree": 300},
    grid=tuple(Settings(depth, 0.25, columns) for depth, columns in product((4, 8), (0.2, 0.3, 0.4))),
    judged_calibrated=True,
)
"""A random forest: trees that know nothing of one another, averaged.

Each patient is there four times (``model.COPIES``), so a quarter of the rows is two patients in three, as in
a bootstrap; of the eight columns a node asks one, two or three. A leaf is one Newton step from even: that
puts patients in order, but on no scale before the calibration.
"""
