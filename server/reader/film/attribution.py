"""Which pixels spoke for the finding: class activation, on the film's own grid. Pure.

The model's last map has one number of log-odds for each cell of what it saw, and its answer is their mean
(Zhou 2016); DICOM calls this Class activation (DCM 130402). Shown is, for each cell, the probability that
the whole film would get if all of it looked like that cell: 0.5 speaks neither way, the rim is 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from server.reader.film.canvas import on_film

METHOD = ("DCM", "130402", "Class activation")


def attribution(
    cells: NDArray[np.float64], slope: float, intercept: float, rows: int, columns: int
) -> NDArray[np.float32]:
    """(row, column) of the film, 0 to 1; the same cells always give the same map."""
    odds = np.clip(slope * cells + intercept, -30, 30)
    return on_film((1 / (1 + np.exp(-odds))).astype(np.float32), rows, columns)
