"""What decoded pixels must look like before a model is asked. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from server.model import FilmContract
from server.reader.film.outside import Outside
from server.reader.film.pixels import Film

MOST_BLACK = 0.25
"""Share of the inner film that may be black or white; of the films trained on, the most are 0.24 and 0.03."""
MOST_WHITE = 0.05
LEAST_SPREAD = 0.05
_RIM = 1 / 14


def outside(film: Film, contract: FilmContract) -> Iterator[Outside]:
    """Every reason in the decoded pixels not to read this film."""
    if not float(contract.aspect.low) <= film.aspect <= float(contract.aspect.high):
        yield Outside.ASPECT
    rows, columns = film.values.shape
    tall, wide = int(rows * _RIM), int(columns * _RIM)
    inner = film.values[tall : rows - tall, wide : columns - wide]
    if float(inner.std()) < LEAST_SPREAD:
        yield Outside.FLAT
    elif float(np.mean(inner <= 0.004)) > MOST_BLACK or float(np.mean(inner >= 0.996)) > MOST_WHITE:
        yield Outside.CLIPPED
