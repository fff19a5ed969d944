"""One object, from its bytes to the reasons not to read it or to its score. Pure."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import date

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError

from server.model import FilmContract, Span
from server.reader.film import looks, scope
from server.reader.film.canvas import canvas
from server.reader.film.child import Score, Told
from server.reader.film.outside import Outside
from server.reader.film.pixels import Film, film

_UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What pydicom raises, at once or when an element is first looked at, for bytes that are no DICOM."""


def judge(content: bytes, contract: FilmContract, age_years: Span, born: date | None, score: Score) -> Told:
    """``outside``: the names of the reasons not to read it; if there are none, the score as well."""
    try:
        dataset = pydicom.dcmread(io.BytesIO(content))
        reasons = list(scope.outside(dataset, contract, age_years, born))
        found = _decoded(dataset, contract)
        lossy = scope.lossy(dataset)
    except _UNREADABLE:
        return {"outside": [Outside.NOT_DICOM.name]}
    if isinstance(found, Outside):
        return {"outside": [each.name for each in (*reasons, found)]}
    reasons += looks.outside(found, contract)
    if reasons:
        return {"outside": [each.name for each in reasons]}
    rows, columns = found.values.shape
    return {"outside": [], "lossy": lossy, "rows": rows, "columns": columns} | score(canvas(found.values))


def _decoded(dataset: Dataset, contract: FilmContract) -> Film | Outside:
    found = film(dataset, contract)
    if isinstance(found, Film) and not np.isfinite(found.values).all():
        return Outside.LOOK_UP
    return found
