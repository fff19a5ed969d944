"""The square canvas that every film is brought to, and back from it to the film's own pixels. Pure.

The films that the reader learned from were published squashed to a square, whatever their shape was; so
films are squashed in use, too. The shape of a pixel does not change what a squashed film looks like; how
far a film may be from a square stands in the card.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SIDE = 224
RIM = 16
"""Outermost pixels of the canvas that no model sees: markers, collimation, the edge of the cassette."""


def canvas(values: Floats) -> Floats:
    """(row, column) of any size -> (SIDE, SIDE); each pixel is the mean of what it covers."""
    tall, wide = (_shrinking(count, SIDE) for count in values.shape)
    return np.asarray(tall @ values @ wide.T, np.float32)


def on_film(cells: Floats, rows: int, columns: int) -> Floats:
    """A coarse map of what the model saw -> the film's own grid; 0 in the rim, where it saw nothing."""
    tall, wide = (_spreading(len(cells), count) for count in (rows, columns))
    spread = np.asarray(tall @ cells @ wide.T, np.float32)
    spread[~_inside(rows), :] = 0
    spread[:, ~_inside(columns)] = 0
    return spread


def _shrinking(source: int, target: int) -> Floats:
    """Triangles as wide as a target pixel (a source pixel where that is wider), so nothing aliases."""
    scale = source / target
    centers = (np.arange(target) + 0.5) * scale - 0.5
    apart = np.abs(np.arange(source)[None, :] - centers[:, None]) / max(scale, 1.0)
    weights = np.maximum(0.0, 1.0 - apart)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _spreading(cells: int, count: int) -> Floats:
    """Linear between the centres of cells, level beyond the outermost."""
    at = ((np.arange(count) + 0.5) / count * SIDE - RIM) / (SIDE - 2 * RIM) * cells - 0.5
    at = np.clip(at, 0, cells - 1)
    weights = np.maximum(0.0, 1.0 - np.abs(np.arange(cells)[None, :] - at[:, None]))
    return np.asarray(weights, np.float32)


def _inside(count: int) -> NDArray[np.bool_]:
    at = (np.arange(count) + 0.5) / count * SIDE
    return np.asarray((at >= RIM) & (at <= SIDE - RIM))


def sample() -> Floats:
    """A made-up film whose score every card states, so that a model can be put to the test anywhere."""
    across = np.linspace(0, 3 * np.pi, SIDE, dtype=np.float32)
    down = np.linspace(0, np.pi, SIDE, dtype=np.float32)
    return np.asarray(0.5 + 0.4 * np.outer(np.sin(down), np.cos(across)), np.float32)
