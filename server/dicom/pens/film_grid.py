"""Where a film's pixels lie: what it states of their size and direction. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

_AXIS = re.compile("[APLRHF]{1,3}")


def spacing(film: Dataset) -> tuple[float, float] | None:
    """Millimetres between rows and between columns; None where the film does not say.

    Pixel Spacing stands first, because it has been calibrated where both are there and differ; Imager Pixel
    Spacing is that of the detector (PS3.3 section 10.7.1.3).
    """
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        stated = numbers(film, keyword)
        if len(stated) == 2 and min(stated) > 0:
            return stated[0], stated[1]
    return None


def height_by_width(film: Dataset) -> float:
    """The shape of a pixel, as it is to be shown; 1 where nothing is stated."""
    size = spacing(film)
    if size is None:
        stated = numbers(film, "PixelAspectRatio")
        size = (stated[0], stated[1]) if len(stated) == 2 and min(stated) > 0 else (1.0, 1.0)
    return size[0] / size[1]


def patient_orientation(film: Dataset) -> tuple[str, str] | None:
    """Directions of the rows and of the columns (0020,0020); None where they are not stated."""
    stated = film.get("PatientOrientation") or ()
    if isinstance(stated, str) or len(stated) != 2:
        return None
    row, column = (str(each) for each in stated)
    return (row, column) if _AXIS.fullmatch(row) and _AXIS.fullmatch(column) else None


def numbers(film: Dataset, keyword: str) -> list[float]:
    """The numbers of an attribute; none where it is not there, or not made of finite numbers."""
    try:
        stated = film.get(keyword)
        several = [] if stated is None else [float(each) for each in _each(stated)]
    except (TypeError, ValueError):
        return []
    return several if all(math.isfinite(each) for each in several) else []


def _each(stated: Any) -> Iterable[Any]:
    return stated if isinstance(stated, MultiValue | list | tuple) else [stated]
