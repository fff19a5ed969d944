"""Repeated nested cross-validation: every patient is scored by models that never saw that patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from server.reader.training.model import Plan, choose, fit, folds, margins
from server.reader.training.table import Floats, Table

REPEATS = 10
OUTER_FOLDS = 5

Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Calibrated probabilities, (repeat, patient): of the model and of the plain comparison."""

    model: Floats
    logistic: Floats


def nested(table: Table, plan: Plan, repeats: int, tick: Tick) -> OutOfFold:
    """Settings and calibration are chosen inside each outer fold; ``tick`` is called after each."""
    model = np.empty((repeats, len(table.y)))
    logistic = np.empty_like(model)
    for repeat in range(repeats):
        for train, test in folds(table, OUTER_FOLDS, repeat):
            known, unseen = table.where(train), table.x[test]
            settings, (slope, intercept) = choose(known, plan, repeat)
            scores = margins(fit(known, plan, settings, repeat), unseen)
            model[repeat, test] = 1 / (1 + np.exp(-(slope * scores + intercept)))
            logistic[repeat, test] = _logistic(known, unseen)
            tick()
    return OutOfFold(model, logistic)


def _logistic(known: Table, unseen: Floats) -> Floats:
    """Logistic regression on the same columns: logarithms, medians for what is missing."""
    line = make_pipeline(
        FunctionTransformer(np.log1p),
        SimpleImputer(strategy="median"),
        StandardScaler(),
        LogisticRegression(C=1.0, max_iter=1000),
    )
    return np.asarray(line.fit(known.x, known.y).predict_proba(unseen)[:, 1])
