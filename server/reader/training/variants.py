"""What other inputs would have given: the figures behind docs/decisions/0003-gram-stain.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from server.model import Card
from server.reader.training.families import Settings
from server.reader.training.figures import Figure, auroc, figure
from server.reader.training.measure import plan_of
from server.reader.training.model import Plan, fit, folds, margins
from server.reader.training.nested import OUTER_FOLDS
from server.reader.training.table import Floats, Table, development, load

REPEATS = 5
SETTINGS = Settings(depth=4, rows=0.4)
"""Fixed, the same for all: the question is what an input adds, not how well it can be tuned."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One other way to choose the inputs."""

    name: str
    plan: Plan
    table: Table


def variants(card: Card) -> Iterator[Variant]:
    """The card's inputs, and what was decided against."""
    plan, table = plan_of(card), development(load(card))
    yield Variant("as the card says", plan, table)
    yield Variant("nothing hidden in training", replace(plan, hidden=0.0), table)
    yield _with(card, plan, "gram", "with Gram stain, as recorded")
    yield _only(card, plan, "gram", "with only whether Gram stain was recorded")
    yield _with(card, plan, "month", "with month")
    missing = np.isnan(table.x).astype(float)
    yield Variant("only which values are missing", _bare(plan), replace(table, x=missing))


def area(variant: Variant, served: np.ndarray) -> Figure:
    """AUROC among the patients whom the card's reader would be asked about."""
    table = variant.table
    scores = np.stack([_scores(variant, repeat) for repeat in range(REPEATS)])
    return figure(auroc, scores[:, served], table.y[served])


def _scores(variant: Variant, repeat: int) -> Floats:
    table = variant.table
    scores = np.empty(len(table.y))
    for train, test in folds(table, OUTER_FOLDS, repeat):
        booster = fit(table.where(train), variant.plan, SETTINGS, repeat)
        scores[test] = margins(booster, table.x[test])
    return scores


def _with(card: Card, plan: Plan, column: str, name: str) -> Variant:
    return Variant(name, _wider(plan, column), development(load(card, [column])))


def _only(card: Card, plan: Plan, column: str, name: str) -> Variant:
    table = development(load(card, [column]))
    x = table.x.copy()
    x[:, -1] = np.isnan(x[:, -1])
    return Variant(name, _wider(plan, column), replace(table, x=x))


def _wider(plan: Plan, column: str) -> Plan:
    return replace(plan, names=(*plan.names, column))


def _bare(plan: Plan) -> Plan:
    """The same columns without directions: a flag has none."""
    return Plan(_numbered(plan.names), (), hidden=0.0)


def _numbered(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"missing_{name}" for name in names)
