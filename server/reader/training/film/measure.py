"""All figures of the card, from the committed ONNX file and the published films."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from server.model import Band, Card
from server.reader.film.canvas import SIDE
from server.reader.film.child import Score
from server.reader.training.figures import DRAWS, Figure, Metric, auroc, metrics
from server.reader.training.film.films import Films

COMMAND = "python -m server.reader.training.film evaluate"
RINGS = (16, 28)
"""Widths of the ring, in pixels of 224, that is masked or left alone."""

Floats = NDArray[np.float32]
Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Scored:
    """What the model said of some canvases."""

    log_odds: NDArray[np.float64]
    scope: NDArray[np.float64]


def scored(score: Score, canvases: Floats, tick: Tick) -> Scored:
    """One canvas at a time, as in use."""
    told = []
    for each in canvases:
        told.append(score(each))
        tick()
    return Scored(np.array([each["log_odds"] for each in told]), np.array([each["scope"] for each in told]))


def chances(card: Card, found: Scored) -> NDArray[np.float64]:
    """Calibrated probabilities."""
    odds = card.calibration["slope"] * found.log_odds + card.calibration["intercept"]
    return np.asarray(1 / (1 + np.exp(-odds)))


def figures(card: Card, films: Films, score: Score, tick: Tick) -> dict[str, str]:
    """On the published test part; what the check of pixels declines counts among the declined."""
    plain = films.pixels.astype(np.float32) / np.float32(255)
    found = scored(score, plain, tick)
    p, y = chances(card, found), films.y
    gated = found.scope < card.calibration["scope_at_least"]
    named = metrics(card.band)
    told = {name: str(by_person(named[name], p, films)) for name in ("auroc", "brier", "ece")}
    rated = np.where(gated, (card.band.absent_at_most + card.band.present_at_least) / 2, p)
    rates = ("sensitivity", "specificity", "declined")
    told |= {name: str(by_person(named[name], rated, films)) for name in rates}
    told["answers"] = answers(card.band, p, gated, y)
    for ring in RINGS:
        for name, made in (("masked", masked), ("border_alone", alone)):
            again = scored(score, made(plain, ring), tick)
            told[f"auroc_{name}_{ring}"] = str(by_person(auroc, again.log_odds, films))
    swapped = scored(score, swapped_borders(plain, y, RINGS[1]), tick)
    told[f"auroc_border_of_the_other_label_{RINGS[1]}"] = str(by_person(auroc, swapped.log_odds, films))
    told["declined_by_pixels"] = f"{gated.sum()} of {len(y)} films"
    return told


def baselines(known: Films, films: Films) -> dict[str, str]:
    """What gives the label away without any reading: logistic regressions fitted on the training films."""
    told = {}
    for name, seen in (("thumbnail_16", thumbnail), ("border_16", lambda x: border(x, 16))):
        line = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
        line.fit(seen(known.pixels), known.y)
        found = line.decision_function(seen(films.pixels))
        told[f"auroc_baseline_{name}"] = str(by_person(auroc, found, films))
    return told


def masked(films: Floats, ring: int) -> Floats:
    """The border painted over with the film's mean."""
    out = films.copy()
    for row, film in zip(out, films, strict=True):
        row[:] = film.mean()
        row[ring : SIDE - ring, ring : SIDE - ring] = film[ring : SIDE - ring, ring : SIDE - ring]
    return out


def alone(films: Floats, ring: int) -> Floats:
    """Everything but the border painted over with the border's mean."""
    out = films.copy()
    for row, film in zip(out, films, strict=True):
        row[ring : SIDE - ring, ring : SIDE - ring] = film[_ring(ring)].mean()
    return out


def swapped_borders(films: Floats, y: NDArray[np.int64], ring: int) -> Floats:
    """Each film with the border of one of the other label: a reader of borders would be turned round."""
    dice = np.random.default_rng(0)
    out = films.copy()
    for at in range(len(films)):
        given = films[dice.choice(np.flatnonzero(y != y[at]))]
        out[at][_ring(ring)] = given[_ring(ring)]
    return out


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    step = SIDE // 16
    tiles = pixels.reshape(len(pixels), 16, step, 16, step).mean(axis=(2, 4))
    return np.asarray(tiles.reshape(len(pixels), -1))


def border(pixels: NDArray[np.uint8], ring: int) -> NDArray[np.float64]:
    """The ring in tiles of 8 by 8."""
    tiles = pixels.reshape(len(pixels), SIDE // 8, 8, SIDE // 8, 8).mean(axis=(2, 4))
    return np.asarray(tiles[:, _ring(ring)[::8, ::8]])


def by_person(metric: Metric, p: NDArray[np.float64], films: Films, draws: int = DRAWS) -> Figure:
    """The figure with a bootstrap by person: all films of a drawn person are drawn."""
    dice = np.random.default_rng(0)
    persons, of = np.unique(films.person, return_inverse=True)
    rows = [np.flatnonzero(of == each) for each in range(len(persons))]
    spread = []
    for _ in range(draws):
        some = np.concatenate([rows[each] for each in dice.integers(0, len(rows), len(rows))])
        spread.append(metric(p[some], films.y[some]))
    low, high = np.nanpercentile(spread, (2.5, 97.5))
    return Figure(metric(p, films.y), float(low), float(high))


def answers(band: Band, p: NDArray[np.float64], gated: NDArray[np.bool_], y: NDArray[np.int64]) -> str:
    present, absent = (p >= band.present_at_least) & ~gated, (p <= band.absent_at_most) & ~gated
    told = []
    for label, words in ((1, "with pneumonia"), (0, "without")):
        of = y == label
        none = of & ~present & ~absent
        said = f"{(present & of).sum()} present, {(absent & of).sum()} absent, {none.sum()} declined"
        told.append(f"{words} {said}")
    return "; ".join(told)


def _ring(width: int) -> NDArray[np.bool_]:
    inside = np.zeros((SIDE, SIDE), bool)
    inside[width : SIDE - width, width : SIDE - width] = True
    return ~inside
