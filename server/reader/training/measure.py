"""All figures of the card, from the data and, for the held-out patients, from the model itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import xgboost as xgb

from server.model import Band, Card, Subgroup
from server.reader.scale import columns
from server.reader.training.families import BOOSTED, Family, Settings
from server.reader.training.figures import Figure, auroc, figure, metrics
from server.reader.training.groups import groups
from server.reader.training.model import Plan, choose, fit, margins
from server.reader.training.nested import OUTER_FOLDS, REPEATS, OutOfFold, Tick, nested
from server.reader.training.table import Floats, Table, development, final_test, load

ABSENT, PRESENT = (0.03, 0.05, 0.1, 0.15), (0.5, 0.7, 0.9)
"""Thresholds that ``bands`` tries."""

COMMAND = "python -m server.reader.training evaluate"


@dataclass(frozen=True, slots=True)
class Made:
    """A fitted model with what the card must say to use it."""

    booster: xgb.Booster
    settings: Settings
    calibration: Mapping[str, float]


def plan_of(card: Card, family: Family = BOOSTED) -> Plan:
    """The card's columns; those not required may be missing in use."""
    optional = (index for index, each in enumerate(card.contract.features) if not each.required)
    return Plan(columns(card), tuple(optional), family=family)


def make(card: Card, self_tests: Mapping[str, list[float]], family: Family = BOOSTED) -> Made:
    """Fit the final model on all patients that are not held out."""
    table, plan = development(load(card)), plan_of(card, family)
    settings, (slope, intercept) = choose(table, plan, seed=0)
    booster = fit(table, plan, settings)
    known = margins(booster, np.array(list(self_tests.values())))
    tests = {name: float(score) for name, score in zip(self_tests, known, strict=True)}
    return Made(booster, settings, {"slope": slope, "intercept": intercept, **tests})


def scored(card: Card, family: Family, tick: Tick) -> OutOfFold:
    """The patients that models are made with, each scored by models that never saw them."""
    return nested(development(load(card)), plan_of(card, family), REPEATS, tick)


def cross_validated(card: Card, scores: OutOfFold) -> tuple[dict[str, str], tuple[Subgroup, ...]]:
    """Figures from what ``scored`` gave: of all, and of people of some ages."""
    table = development(load(card))
    served, y = table.served, table.y
    named = metrics(card.band)
    told = {name: str(figure(metric, scores.model[:, served], y[served])) for name, metric in named.items()}
    told["auroc_all_patients"] = str(figure(auroc, scores.model, y))
    told["auroc_logistic_regression"] = str(figure(auroc, scores.logistic[:, served], y[served]))
    told["population"] = (
        f"{served.sum()} of {len(y)} patients fulfil the contract ({y[served].sum()} with the disease); "
        f"nested cross-validation, {REPEATS} repeats of {OUTER_FOLDS} folds; 95% intervals by "
        "bootstrap of patients; rates are among answered patients"
    )
    return told, tuple(groups(card, table, scores.model))


def bands(card: Card, scores: OutOfFold) -> list[tuple[Band, Mapping[str, float]]]:
    """Sensitivity, specificity and share declined for other thresholds than the card's."""
    table = development(load(card))
    chances, y = scores.model[:, table.served], table.y[table.served]
    tried = [Band(low, high) for low, high in product(ABSENT, PRESENT)]
    return [(band, _rates(band, chances, y)) for band in tried]


def _rates(band: Band, scores: Floats, y: np.ndarray) -> Mapping[str, float]:
    named = metrics(band)
    wanted = ("sensitivity", "specificity", "declined")
    return {name: float(np.mean([named[name](p, y) for p in scores])) for name in wanted}


def held_out(
    card: Card, score: Callable[[Floats], Floats], calibration: Mapping[str, float]
) -> dict[str, str]:
    """Figures of the one committed model on the patients that nothing was chosen with."""
    whole = final_test(load(card))
    table = whole.where(whole.served)
    odds = calibration["slope"] * score(table.x) + calibration["intercept"]
    chance = 1 / (1 + np.exp(-odds))
    named = metrics(card.band)
    told = {f"held_out_{name}": str(_once(named[name], chance, table.y)) for name in ("auroc", "brier")}
    told["held_out_answers"] = _answers(card.band, chance, table, len(whole.y))
    return told


def _once(metric: Callable[[Floats, np.ndarray], float], chance: Floats, y: np.ndarray) -> Figure:
    return figure(metric, chance[None, :], y)


def _answers(band: Band, chance: Floats, table: Table, of: int) -> str:
    present, absent = chance >= band.present_at_least, chance <= band.absent_at_most
    ill = table.y == 1
    return (
        f"{of} patients never used before, {len(chance)} fulfil the contract: with the disease "
        f"{(present & ill).sum()} present, {(absent & ill).sum()} absent, "
        f"{(ill & ~present & ~absent).sum()} declined; without it {(absent & ~ill).sum()} absent, "
        f"{(present & ~ill).sum()} present, {(~ill & ~present & ~absent).sum()} declined"
    )
