"""The space of a film: its own, or one made up for it (PS3.3 C.7.4.1, C.7.6.16.2.3).

A parametric map must lie in a frame of reference, and a plain film has none. Where the film states none,
the map gets one that holds for this film alone and for all that is derived from it: the film is its plane,
its first pixel the origin, its axes those of Patient Orientation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from server.dicom.pens.film_grid import numbers, patient_orientation, spacing
from server.dicom.pens.uids import frame_of_reference_uid

_TOWARDS = {
    "L": (1.0, 0.0, 0.0),
    "R": (-1.0, 0.0, 0.0),
    "P": (0.0, 1.0, 0.0),
    "A": (0.0, -1.0, 0.0),
    "H": (0.0, 0.0, 1.0),
    "F": (0.0, 0.0, -1.0),
}
"""PS3.3 C.7.6.2.1.1: x grows to the left, y to the back, z to the head."""
_FRONTAL = ("L", "F")
_NOMINAL = (1.0, 1.0)
_ROUNDING = 1e-3

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Space:
    """Where a film lies."""

    uid: str
    row: Vector
    """Along a row, and along a column."""
    column: Vector
    origin: Vector
    spacing: tuple[float, float]
    """Millimetres between rows, and between columns."""
    made_up: str
    """What the film did not state, in words; empty when all of it is the film's."""

    def place(self, by: int) -> Vector:
        """The centre of the first pixel of a grid that is ``by`` times coarser."""
        off = [(by - 1) / 2 * each for each in self.spacing]
        across, down = (np.array(each) for each in (self.row, self.column))
        x, y, z = (float(each) for each in np.array(self.origin) + across * off[1] + down * off[0])
        return x, y, z


def space_of(film: Dataset) -> Space:
    """The film's own space where it states all of it, else one made up."""
    size = spacing(film)
    stated = _stated(film)
    missing = [] if stated else ["a frame of reference made for this film alone"]
    if size is None:
        missing.append("one millimetre for each pixel of the film, which states no size")
    words = f"Nominal geometry: {'; '.join(missing)}." if missing else ""
    if stated:
        return Space(str(film.FrameOfReferenceUID), *stated, size or _NOMINAL, words)
    row, column = _axes(film)
    uid = frame_of_reference_uid(str(film.SOPInstanceUID))
    return Space(uid, row, column, (0.0, 0.0, 0.0), size or _NOMINAL, words)


def _stated(film: Dataset) -> tuple[Vector, Vector, Vector] | None:
    """Row, column and origin of a film that has them, as some digital units write.

    A frame of reference without a place in it is not used: what we made up would be taken for a place there.
    """
    lies, starts = numbers(film, "ImageOrientationPatient"), numbers(film, "ImagePositionPatient")
    if not film.get("FrameOfReferenceUID") or len(lies) != 6 or len(starts) != 3:
        return None
    axes = np.array(lies).reshape(2, 3)
    if not np.allclose(axes @ axes.T, np.eye(2), atol=_ROUNDING):
        return None
    a, b, c, d, e, f = lies
    x, y, z = starts
    return (a, b, c), (d, e, f), (x, y, z)


def _axes(film: Dataset) -> tuple[Vector, Vector]:
    """Along the main letter of each direction; frontal where none is stated, or both are one axis."""
    row, column = (_TOWARDS[each[0]] for each in patient_orientation(film) or _FRONTAL)
    if np.dot(row, column):
        row, column = (_TOWARDS[each] for each in _FRONTAL)
    return row, column
