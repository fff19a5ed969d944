"""What is reported of a set of probabilities, each figure with its 95% interval.

The interval is a bootstrap by patient: patients are drawn with replacement, and for each draw the figure
is taken in every repeat of the cross-validation and averaged. It covers the choice of patients; that one
patient is scored in every repeat does not make the interval narrower.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from server.model import Band
from server.reader.training.table import Floats

DRAWS = 1000
BINS = 10

Metric = Callable[[Floats, np.ndarray], float]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with its 95% interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def metrics(band: Band) -> Mapping[str, Metric]:
    """Name -> function of (probabilities, outcomes). Rates are among the answered ones."""
    return {
        "auroc": auroc,
        "sensitivity": lambda p, y: _rate(p >= band.present_at_least, (y == 1) & _answered(p, band)),
        "specificity": lambda p, y: _rate(p <= band.absent_at_most, (y == 0) & _answered(p, band)),
        "declined": lambda p, _: float(np.mean(~_answered(p, band))),
        "brier": lambda p, y: float(np.mean((p - y) ** 2)),
        "ece": ece,
        "calibration_slope": lambda p, y: line(p, y)[0],
        "calibration_intercept": lambda p, y: line(p, y)[1],
    }


def figure(metric: Metric, probabilities: Floats, y: np.ndarray, draws: int = DRAWS) -> Figure:
    """``probabilities``: (repeat, patient)."""
    dice = np.random.default_rng(0)
    patients = np.arange(len(y))
    drawn = (dice.choice(patients, len(y)) for _ in range(draws))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a draw without one of the outcomes: NaN, left out
        spread = [_mean(metric, probabilities[:, some], y[some]) for some in drawn]
    low, high = np.nanpercentile(spread, (2.5, 97.5))
    return Figure(_mean(metric, probabilities, y), float(low), float(high))


def auroc(p: Floats, y: np.ndarray) -> float:
    """Chance that a patient with the disease has the higher probability (Mann-Whitney)."""
    ill, well = int(y.sum()), int(len(y) - y.sum())
    if not ill or not well:
        return float("nan")
    return float((rankdata(p)[y == 1].sum() - ill * (ill + 1) / 2) / (ill * well))


def ece(p: Floats, y: np.ndarray) -> float:
    """Expected calibration error over BINS bins of equal size; small samples make it too large."""
    order = np.argsort(p, kind="stable")
    parts = np.array_split(order, min(BINS, len(p)))
    return float(sum(len(part) * abs(p[part].mean() - y[part].mean()) for part in parts) / len(p))


def line(p: Floats, y: np.ndarray) -> tuple[float, float]:
    """(slope, intercept) of the outcome on the log-odds (Cox 1958), by Newton; perfect is (1, 0)."""
    odds = np.log(p / (1 - p))
    design = np.stack([odds, np.ones_like(odds)], axis=1)
    beta = np.array([1.0, 0.0])
    for _ in range(8):
        fitted = 1 / (1 + np.exp(-design @ beta))
        weight = np.maximum(fitted * (1 - fitted), 1e-9)
        hessian = design.T @ (design * weight[:, None]) + 1e-9 * np.eye(2)
        beta = beta + np.linalg.solve(hessian, design.T @ (y - fitted))
    return float(beta[0]), float(beta[1])


def _mean(metric: Metric, probabilities: Floats, y: np.ndarray) -> float:
    return float(np.mean([metric(p, y) for p in probabilities]))


def _answered(p: Floats, band: Band) -> np.ndarray:
    return (p <= band.absent_at_most) | (p >= band.present_at_least)


def _rate(hit: np.ndarray, among: np.ndarray) -> float:
    return float(hit[among].mean()) if among.any() else float("nan")
