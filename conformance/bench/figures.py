"""What a bench prints: a line for people on standard error, a line of JSON on standard output."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import click


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value, beside a peer's where there is one."""

    name: str
    ours: float
    unit: str
    peer: float | None = None
    ratio: float | None = None
    """``ours / peer``; given when it is not of these two, such as the median over rounds."""

    def line(self) -> str:
        """``{"name", "ours", "peer", "ratio", "unit"}``; peer and ratio null without a peer."""
        values = asdict(self) | {"ratio": self.quotient}
        order = ("name", "ours", "peer", "ratio", "unit")
        return json.dumps({key: _short(values[key]) for key in order}, ensure_ascii=False)

    @property
    def quotient(self) -> float | None:
        if self.ratio is not None or not self.peer:
            return self.ratio
        return self.ours / self.peer


def tell(figure: Figure) -> None:
    """Print one figure both ways."""
    beside = ""
    if figure.peer is not None and figure.quotient is not None:
        beside = f", beside {_short(figure.peer)}: ratio {_short(figure.quotient)}"
    click.echo(f"{figure.name}: {_short(figure.ours)} {figure.unit}{beside}", err=True)
    click.echo(figure.line())


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; ``share`` from 0 to 1. ``values`` must not be empty."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def spread(name: str, values: Sequence[float], unit: str) -> list[Figure]:
    """p50 and p95 of values; nothing when there are none."""
    if not values:
        return []
    return [Figure(f"{name}, p{share}", percentile(values, share / 100), unit) for share in (50, 95)]


def beside(name: str, ours: Sequence[float], peer: Sequence[float], unit: str) -> Figure:
    """Medians over rounds; the ratio is the median of the rounds' own, so that a slow minute of
    the disk counts on both sides."""
    ratios = [mine / theirs for mine, theirs in zip(ours, peer, strict=True) if theirs]
    return Figure(
        name,
        statistics.median(ours),
        unit,
        statistics.median(peer),
        statistics.median(ratios) if ratios else None,
    )


def _short(value: object) -> object:
    """Four significant digits: more would claim what a shared machine cannot repeat."""
    return float(f"{value:.4g}") if isinstance(value, float) else value
