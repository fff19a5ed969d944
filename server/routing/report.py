"""The figures of a deployed second reader, of one question and model version (second-reading 5, S6.5, S8).

Made from what may be told (``server.routing.told``) and from nothing else, as JSON. What would need a number
that is not told is not told, or told as the range that the number leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.routing.accuracy import accuracy
from server.routing.agreement import ac1, negative, positive, prevalence
from server.routing.audited import audits
from server.routing.interval import wilson
from server.routing.recalibration import recalibration
from server.routing.shares import Figure, estimate, of_both, share
from server.routing.statistics import Estimate, Table, brier, calibration_error
from server.routing.stop import FEWEST
from server.routing.told import HIDDEN, Count, Read, Told
from server.routing.workload import workload

ENOUGH = 100
"""Known cases, from which on calibration is told."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of the cases beside what they came to."""

    baseline: float | None
    """The site's rate of second opinions that were asked for by people and differed."""
    uncorrected: str | None
    """Why sensitivity and specificity are not computed for all cases; None: they may be."""
    shown: bool
    """First readers may have been shown what the model says."""
    audited: float | None = None
    """The audit share of the policy, where one held."""


def figures(told: Told, calibration: Sequence[tuple[float, bool]], beside: Beside) -> dict[str, Any]:
    """All but the gatekeeper's."""
    cells, n = told.cells, told.compared
    b, c, sided = told.reads["b"], told.reads["c"], told.sided
    found = accuracy(told, beside.uncorrected)
    return {
        "table": {
            "compared": n,
            "agree": told.agree,
            "disagree": told.disagree,
            "bothPresent": cells["a"],
            "modelAlone": cells["b"],
            "firstAlone": cells["c"],
            "bothAbsent": cells["d"],
        },
        "notCompared": {
            "firstUnusable": told.unusable,
            "declined": told.declined,
            "declinedBecause": told.unanswered,
            "declinedShare": of_both(told.declined, n),
            "notAsked": told.not_asked,
        },
        "agreement": _agreement(told),
        "discordance": {
            "all": share(told.disagree, n, told.agree),
            "modelAlone": share(cells["b"], n),
            "firstAlone": share(cells["c"], n),
        },
        "yield": {
            "all": share(sided.present, sided.read, sided.absent),
            "modelAlone": share(b.present, b.read, b.absent),
            "firstAlone": share(c.absent, c.read, c.present),
        },
        "catch": _catch(b, n),
        "accuracy": found,
        "audits": audits(told, beside.audited, corrected=found["kind"] == "corrected"),
        "workload": workload(told, found),
        "conditions": _conditions(told, beside),
        "calibration": _calibration(told, calibration),
        "firstReadersShown": beside.shown,
    }


def _agreement(told: Told) -> dict[str, Figure]:
    a, d = told.cells["a"], told.cells["d"]
    apart = told.disagree
    found: dict[str, Figure] = dict.fromkeys(("positive", "negative", "kappa", "ac1", "prevalence"), HIDDEN)
    if isinstance(a, int) and isinstance(d, int) and isinstance(apart, int):
        # None of these tells b and c apart.
        table = Table(a, apart, 0, d)
        told_of = {
            "positive": positive(table),
            "negative": negative(table),
            "ac1": ac1(table),
            "prevalence": prevalence(table),
        }
        found |= {name: estimate(value) for name, value in told_of.items()}
        found["kappa"] = _kappa(told, a, d)
    return {"all": share(told.agree, told.compared, told.disagree), **found}


def _kappa(told: Told, a: int, d: int) -> Figure:
    b, c = told.cells["b"], told.cells["c"]
    if not (isinstance(b, int) and isinstance(c, int)):
        return HIDDEN
    return estimate(Table(a, b, c, d).kappa)


def _catch(b: Read, n: Count) -> dict[str, Figure]:
    """What the model alone has found and a specialist confirmed, and how many reads one costs."""
    if b.known is None or not isinstance(n, int):
        return {"perThousand": HIDDEN, "readsPerCatch": HIDDEN}
    read, caught, _ = b.known
    (few, many), (low, high) = wilson(caught, n), wilson(caught, read)
    return {
        "perThousand": {"value": 1000 * caught / n, "low": 1000 * few, "high": 1000 * many},
        "readsPerCatch": {"value": read / caught, "low": 1 / high, "high": 1 / low},
    }


def _conditions(told: Told, beside: Beside) -> dict[str, Any]:
    """Kempt and Nagel's two: then a disagreement may replace a second opinion that is asked for (S6.5)."""
    rate = share(told.disagree, told.compared, told.agree)
    right = share(told.sided.present, told.sided.read, told.sided.absent)
    return {
        "rarer": {
            "disagreement": rate,
            "baseline": beside.baseline,
            "verdict": "no baseline" if beside.baseline is None else _below(rate, beside.baseline),
        },
        "asGood": {"modelRightWhereTheyDiffer": right, "verdict": _below(_turned(right), 0.5)},
    }


def _below(figure: Figure, limit: float) -> str:
    if not isinstance(figure, dict):
        return "not known"
    if figure.get("high", 1.0) < limit:
        return "holds"
    return "fails" if figure.get("low", 0.0) > limit else "not shown"


def _turned(figure: Figure) -> Figure:
    """Of the rest."""
    if not isinstance(figure, dict):
        return figure
    return {"low": 1 - figure.get("high", 1.0), "high": 1 - figure.get("low", 0.0)}


def _calibration(told: Told, known: Sequence[tuple[float, bool]]) -> Figure:
    present = sum(is_so for _, is_so in known)
    if len(known) < ENOUGH or min(present, len(known) - present) < FEWEST:
        return f"{HIDDEN}: fewer than {ENOUGH} known, or than {FEWEST} of one kind"
    off, square = calibration_error(known), brier(known)
    bent = recalibration(known)
    return {
        "casesAtLeast": len(known) // ENOUGH * ENOUGH,
        "slope": HIDDEN if bent is None else _rounded(bent.slope),
        "intercept": HIDDEN if bent is None else _rounded(bent.intercept),
        "ece": round(off or 0.0, 3),
        "brier": round(square or 0.0, 3),
        "relative": not all(each.whole for each in told.reads.values()),
    }


def _rounded(found: Estimate) -> Figure:
    """To two digits, as it is made of single probabilities."""
    return {"value": round(found.value, 2), "low": round(found.low, 2), "high": round(found.high, 2)}
