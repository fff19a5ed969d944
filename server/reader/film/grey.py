"""From stored values to grey: padding, modality LUT, VOI LUT, polarity. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

Floats = NDArray[np.float32]
Numbers = NDArray[Any]

LOW, HIGH = 0.5, 99.5
"""Percentiles that become black and white where the film states no window."""


def unused_bits_cleared(stored: Numbers, bits: int, *, signed: bool) -> Numbers:
    """Overlays and rubbish above Bits Stored do not count as grey; the sign is that of the stored bits."""
    room = stored.dtype.itemsize * 8
    kind = np.dtype(f"i{room // 8}" if signed else f"u{room // 8}")
    shift = room - bits
    return (stored.view(kind) << shift) >> shift if shift else stored.view(kind)


def grey(stored: Numbers, header: Dataset) -> tuple[Floats, NDArray[np.bool_]]:
    """(0 to 1 with dark air, where there is padding).

    Raises:
        ValueError: when a rescale, table or window of the header is not one.
    """
    padding = _padding(stored, header)
    values = _voi(_modality(stored, header), padding, header)
    if header.PhotometricInterpretation == "MONOCHROME1":
        values = 1 - values
    values[padding] = 0
    return values, padding


def spacing(header: Dataset) -> tuple[float, float]:
    """(height, width) of a pixel; 1 by 1 where nothing is stated (PS3.3 C.7.6.3.1.7, 10.7.1.3)."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "PixelAspectRatio"):
        stated = header.get(keyword)
        if stated is not None and not isinstance(stated, str) and len(stated) == 2:
            tall, wide = (float(each) for each in stated)
            if np.isfinite([tall, wide]).all() and tall > 0 and wide > 0:
                return tall, wide
    return 1.0, 1.0


def _padding(stored: Numbers, header: Dataset) -> NDArray[np.bool_]:
    """Pixel Padding Value, or all from it to the range limit (PS3.3 C.7.5.1.1.2); stored values both."""
    value = header.get("PixelPaddingValue")
    if value is None:
        return np.zeros(stored.shape, bool)
    other = header.get("PixelPaddingRangeLimit")
    ends = sorted((int(value), int(value if other is None else other)))
    return np.asarray((stored >= ends[0]) & (stored <= ends[1]))


def _modality(stored: Numbers, header: Dataset) -> Floats:
    if tables := header.get("ModalityLUTSequence"):
        return _looked_up(stored, tables[0])[0]
    slope, intercept = (float(header.get(f"Rescale{each}", absent)) for each, absent in _LINE)
    if not (np.isfinite([slope, intercept]).all() and slope):
        raise ValueError
    return stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)


_LINE = (("Slope", 1), ("Intercept", 0))


def _voi(values: Floats, padding: NDArray[np.bool_], header: Dataset) -> Floats:
    """The first VOI table, else the first window, else what percentiles say."""
    if tables := header.get("VOILUTSequence"):
        found, top = _looked_up(values, tables[0])
        return found / np.float32(top)
    center, width = (_first(header.get(f"Window{each}")) for each in ("Center", "Width"))
    if center is not None and width is not None:
        return _windowed(values, center, width, str(header.get("VOILUTFunction") or "LINEAR"))
    shown = values[~padding]
    if not shown.size:
        raise ValueError
    low, high = np.percentile(shown, (LOW, HIGH)).astype(np.float32)
    return np.asarray(np.clip((values - low) / max(high - low, np.float32(1e-6)), 0, 1), np.float32)


def _windowed(values: Floats, center: float, width: float, function: str) -> Floats:
    """PS3.3 C.11.2.1.2.1 and C.11.2.1.3, with 0 and 1 as the ends of the output."""
    if not np.isfinite([center, width]).all() or (width < 1 and function == "LINEAR") or width <= 0:
        raise ValueError
    if function == "SIGMOID":
        shown = 1 / (1 + np.exp(np.clip(-4 * (values - center) / width, -60, 60)))
    elif function == "LINEAR_EXACT":
        shown = (values - center) / width + 0.5
    elif function != "LINEAR":
        raise ValueError
    elif width == 1:
        shown = (values > center - 0.5) * 1.0
    else:
        shown = (values - (center - 0.5)) / (width - 1) + 0.5
    return np.asarray(np.clip(shown, 0, 1), np.float32)


def _looked_up(values: Numbers, item: Dataset) -> tuple[Floats, int]:
    """(what the table says, the largest value that it can say): PS3.3 C.11.1.1.1."""
    count, first, bits = (int(each) for each in item.LUTDescriptor)
    data = item.LUTData
    table = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.asarray(data, np.uint16)
    if not 8 <= bits <= 16 or len(table) < (count or 65536):
        raise ValueError
    at = np.clip(np.rint(values).astype(np.int64) - first, 0, (count or 65536) - 1)
    return table[at].astype(np.float32), 2**bits - 1


def _first(value: Any) -> float | None:
    """Of several windows, the first."""
    if value is None or value == "":
        return None
    return float(value if isinstance(value, (int, float)) else value[0])
