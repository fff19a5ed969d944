"""A film's grey values as a reader is trained to see them: 0 to 1, dark where air is. Pure.

The order is that of PS3.4 N.2: stored values, modality LUT, VOI LUT, then MONOCHROME1 turned round.
Whatever would ask for absurd memory is refused before anything is decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from server.model import FilmContract
from server.reader.film.codestream import size
from server.reader.film.grey import grey, spacing, unused_bits_cleared
from server.reader.film.outside import Outside

Floats = NDArray[np.float32]

_NATIVE = {ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian}
_JPEG = {
    JPEGBaseline8Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    JPEG2000,
    JPEG2000Lossless,
}
SYNTAXES = frozenset({*_NATIVE, *_JPEG, RLELossless})
"""Not JPEG Extended: no decoder whose licence we can take reads its 12 bits."""

_DECODERS_SAY = (
    ValueError,
    RuntimeError,
    NotImplementedError,
    AttributeError,
    TypeError,
    KeyError,
    IndexError,
)
"""What pydicom and the decoders behind it raise for data that are not what they should be."""


@dataclass(frozen=True, slots=True)
class Film:
    """One film, on its own grid of pixels."""

    values: Floats
    """(row, column), 0 to 1; air is dark; padding is 0."""
    padding: NDArray[np.bool_]
    aspect: float
    """Width by height as shown, with the shape of a pixel taken into account."""


def film(dataset: Dataset, contract: FilmContract) -> Film | Outside:
    """The film, or why there is none."""
    if refused := promised(dataset, contract):
        return refused
    try:
        stored = _decoded(dataset)
    except (*_DECODERS_SAY, MemoryError):
        return Outside.DECODING
    if stored.shape != (dataset.Rows, dataset.Columns):
        return Outside.DECODING
    try:
        values, padding = grey(stored, dataset)
    except _DECODERS_SAY:
        return Outside.LOOK_UP
    tall, wide = spacing(dataset)
    return Film(values, padding, float(dataset.Columns * wide / (dataset.Rows * tall)))


def promised(dataset: Dataset, contract: FilmContract) -> Outside | None:
    """What the header promises about the pixels, checked before they are decoded."""
    if not dataset.get("PixelData"):
        return Outside.NO_PIXELS
    if _whole(dataset, "NumberOfFrames", 1) != 1 or _whole(dataset, "SamplesPerPixel", 1) != 1:
        return Outside.FRAMES
    rows, columns = _whole(dataset, "Rows"), _whole(dataset, "Columns")
    if not all(contract.pixels.low <= each <= contract.pixels.high for each in (rows, columns)):
        return Outside.SIZE
    if not _deep_enough(dataset):
        return Outside.DEPTH
    if _polarity(dataset) is None:
        return Outside.PHOTOMETRIC
    syntax = _syntax(dataset)
    if syntax not in SYNTAXES:
        return Outside.SYNTAX
    if syntax in _JPEG and _stream_size(dataset) != (rows, columns):
        return Outside.CODESTREAM
    if syntax in _NATIVE and len(dataset.PixelData) < rows * columns * dataset.BitsAllocated // 8:
        return Outside.DECODING
    return None


def _decoded(dataset: Dataset) -> NDArray[Any]:
    stored = pixel_array(dataset, raw=True)
    return unused_bits_cleared(stored, int(dataset.BitsStored), signed=dataset.PixelRepresentation == 1)


def _deep_enough(dataset: Dataset) -> bool:
    """PS3.5 8.1.1: high bit is one less than bits stored. Fewer than 8 bits are no film."""
    allocated, stored = _whole(dataset, "BitsAllocated"), _whole(dataset, "BitsStored")
    return (
        allocated in (8, 16)
        and 8 <= stored <= allocated
        and _whole(dataset, "HighBit") == stored - 1
        and _whole(dataset, "PixelRepresentation") in (0, 1)
    )


def _polarity(dataset: Dataset) -> str | None:
    """Photometric interpretation, unless Presentation LUT Shape (2050,0020) says the opposite."""
    shapes = {"MONOCHROME1": ("", "INVERSE"), "MONOCHROME2": ("", "IDENTITY")}
    stated = str(dataset.get("PhotometricInterpretation") or "")
    return stated if str(dataset.get("PresentationLUTShape") or "") in shapes.get(stated, ()) else None


def _syntax(dataset: Dataset) -> UID:
    meta = getattr(dataset, "file_meta", None)
    return UID(str(meta.get("TransferSyntaxUID") or "")) if meta is not None else UID("")


def _stream_size(dataset: Dataset) -> tuple[int, int] | None:
    try:
        return size(get_frame(dataset.PixelData, 0, number_of_frames=1))
    except _DECODERS_SAY:
        return None


def _whole(dataset: Dataset, keyword: str, absent: int = -1) -> int:
    """A number of the header; ``absent`` when it is not there, -1 when it is not one."""
    value = dataset.get(keyword)
    if value is None:
        return absent
    try:
        return int(value)
    except (ValueError, TypeError):
        return -1
