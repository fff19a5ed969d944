"""How one model is fitted, and how its settings and its calibration are found. All seeds are fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

from server.reader.training.families import BOOSTED, Family, Settings
from server.reader.training.table import Flags, Floats, Table

COPIES = 4
"""Each patient is shown four times, each time with other optional values hidden."""
HIDDEN = 0.15
"""Share of optional values hidden, alike in both groups (SOURCE.md: missingness is not a finding)."""
INNER_FOLDS = 4

RISING = frozenset({"csf_wbc", "csf_neut_pct", "csf_prot", "blood_band_pct"})
FALLING = frozenset({"csf_gluc"})
"""Monotone where medicine is sure of the direction: a lower CSF glucose never speaks against bacteria."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is fitted: the columns' names, which of them may be missing in use, and what kind of model."""

    names: tuple[str, ...]
    optional: tuple[int, ...]
    hidden: float = HIDDEN
    family: Family = BOOSTED

    @property
    def constraints(self) -> str:
        signs = ((name in RISING) - (name in FALLING) for name in self.names)
        return f"({','.join(str(sign) for sign in signs)})"


def fit(table: Table, plan: Plan, settings: Settings, seed: int = 0) -> xgb.Booster:
    """One model of one set of patients."""
    family = plan.family
    x, y = _copies(table, plan, seed)
    matrix = xgb.DMatrix(x, y, feature_names=list(plan.names), nthread=1)
    parameters = {
        "objective": "binary:logistic",
        "nthread": 1,
        "seed": seed,
        "max_depth": settings.depth,
        "subsample": settings.rows,
        family.columns_by: settings.columns,
        "min_child_weight": 1,
        "monotone_constraints": plan.constraints,
        **family.parameters,
    }
    return xgb.train(parameters, matrix, family.rounds)


def margins(booster: xgb.Booster, x: Floats) -> Floats:
    """Raw log-odds, one for each row."""
    scores = booster.inplace_predict(x.astype(np.float32), predict_type="margin", validate_features=False)
    return np.asarray(scores, dtype=np.float64)


def choose(table: Table, plan: Plan, seed: int) -> tuple[Settings, tuple[float, float]]:
    """Settings with the lowest log loss out of fold, and Platt's (slope, intercept) on those margins.

    Both look only at patients whom the reader would be asked about.
    """
    y, judge = table.y[table.served], _calibrated_loss if plan.family.judged_calibrated else _loss
    tried = [
        (settings, _out_of_fold(table, plan, settings, seed)[table.served]) for settings in plan.family.grid
    ]
    best, scores = min(tried, key=lambda each: judge(each[1], y))
    return best, platt(scores, y)


def platt(scores: Floats, y: np.ndarray) -> tuple[float, float]:
    """(slope, intercept) of the line through the log-odds (Platt 1999)."""
    line = LogisticRegression(C=1e6).fit(scores[:, None], y)
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def folds(table: Table, count: int, seed: int) -> Sequence[tuple[Flags, Flags]]:
    """(train, test) masks, alike in outcome."""
    splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
    tests = (np.isin(np.arange(len(table.y)), test) for _, test in splitter.split(table.x, table.y))
    return [(~test, test) for test in tests]


def _out_of_fold(table: Table, plan: Plan, settings: Settings, seed: int) -> Floats:
    scores = np.empty(len(table.y))
    for train, test in folds(table, INNER_FOLDS, seed):
        scores[test] = margins(fit(table.where(train), plan, settings, seed), table.x[test])
    return scores


def _copies(table: Table, plan: Plan, seed: int) -> tuple[Floats, np.ndarray]:
    if not plan.hidden:
        return table.x, table.y
    dice = np.random.default_rng(seed)
    x = np.tile(table.x, (COPIES, 1))
    for column in plan.optional:
        x[dice.random(len(x)) < plan.hidden, column] = np.nan
    return x, np.tile(table.y, COPIES)


def _loss(scores: Floats, y: np.ndarray) -> float:
    return float(log_loss(y, 1 / (1 + np.exp(-scores))))


def _calibrated_loss(scores: Floats, y: np.ndarray) -> float:
    slope, intercept = platt(scores, y)
    return _loss(slope * scores + intercept, y)
