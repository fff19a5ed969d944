"""A map made coarser, without moving anything. Pure."""

from __future__ import annotations

import numpy as np

from server.dicom.pens.opinion import Map

NOT_SEEN = 0.0
"""What a map says where the model saw nothing: the rim of the film."""


def step(rows: int, columns: int, most: int) -> int:
    """How many pixels of the film, each way, become one, so that there are at most ``most`` of them."""
    return -(-max(rows, columns) // most)


def coarser(fine: Map, by: int) -> Map:
    """The mean of each ``by`` by ``by`` pixels that the model saw; at the far edges, of fewer."""
    rows, columns = (-(-count // by) for count in fine.shape)
    padded = np.full((rows * by, columns * by), NOT_SEEN, np.float64)
    padded[: fine.shape[0], : fine.shape[1]] = fine
    blocks = padded.reshape(rows, by, columns, by)
    seen = (blocks != NOT_SEEN).sum(axis=(1, 3))
    return np.asarray(blocks.sum(axis=(1, 3)) / np.maximum(seen, 1), np.float32)
