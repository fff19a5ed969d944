"""Calibration, gate and thresholds: chosen on the validation part, whose persons nothing was trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch.nn import functional

from server.model import Band
from server.reader.training.figures import metrics
from server.reader.training.film import gate as gates
from server.reader.training.film.augment import acquired_elsewhere
from server.reader.training.film.films import Films
from server.reader.training.film.fit import scores
from server.reader.training.film.network import COARSE, FINE, Network, even, log_odds

LOST = 0.02
"""Share of validation films that the gate may take for foreign; at a quarter of it most adults pass."""
COPIES = 4

Odds = NDArray[np.float64]


def calibration(networks: Sequence[Network], films: Films) -> tuple[float, float]:
    """Platt's slope and intercept on validation films as they are and as other machines and hands would
    have made them: with the films of one hospital alone the probabilities would be too sure elsewhere.
    Both labels weigh the same: how common pneumonia is among the films of a place is not known.
    """
    found, y = spread(networks, films)
    line = LogisticRegression(C=1e6, class_weight="balanced").fit(found[:, None], y)
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def spread(networks: Sequence[Network], films: Films) -> tuple[Odds, NDArray[np.int64]]:
    """(log-odds, labels) of validation films: once as they are, COPIES times changed."""
    plain = np.mean([scores(each, films.pixels.astype(np.float32) / 255) for each in networks], axis=0)
    dice = np.random.default_rng(11)
    changed = [_changed(networks, films, dice) for _ in range(COPIES)]
    return np.concatenate([plain, *changed]), np.tile(films.y, COPIES + 1)


def gate_at(gate: gates.Gate, films: Films) -> float:
    """The least score that counts as a film."""
    found = gates.scores(gate, films.pixels.astype(np.float32) / 255)
    return float(np.quantile(found, LOST))


def bands(chance: Odds, y: NDArray[np.int64]) -> Iterator[tuple[Band, dict[str, float]]]:
    """What thresholds would do on validation films."""
    for low, high in ((0.5, 0.501), (0.4, 0.6), (0.3, 0.7), (0.2, 0.7), (0.2, 0.8), (0.15, 0.85), (0.1, 0.9)):
        band = Band(low, high)
        named = metrics(band)
        yield band, {name: named[name](chance, y) for name in ("sensitivity", "specificity", "declined")}


@torch.inference_mode()
def _changed(networks: Sequence[Network], films: Films, dice: np.random.Generator) -> Odds:
    parts = []
    for start in range(0, len(films.y), 128):
        x = acquired_elsewhere(films.pixels[start : start + 128], dice)
        views = {
            side: even(functional.interpolate(x, (side, side), mode="bilinear")) for side in (COARSE, FINE)
        }
        parts.append(torch.stack([log_odds(each, views[each.side]) for each in networks]).mean(dim=0))
    return np.asarray(torch.cat(parts).numpy(), np.float64)
