"""From the pixels of one frame to what a person sees (PS3.3 C.11.1, C.11.2; C.7.6.3.1.2), in eight bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut

LINEAR, LINEAR_EXACT, SIGMOID = "LINEAR", "LINEAR_EXACT", "SIGMOID"


@dataclass(frozen=True, slots=True)
class Window:
    """Center, width and function (PS3.3 C.11.2.1.2)."""

    center: float
    width: float
    function: str = LINEAR


def eight_bits(pixels: Any, said: Dataset, number: int, window: Window | None) -> Any:
    """Grey or RGB; ``said`` is the data set without its pixels, ``number`` the frame, from 1 on."""
    colours = said.get("PhotometricInterpretation", "MONOCHROME2")
    if colours == "PALETTE COLOR":
        return _scaled(apply_color_lut(pixels, said))
    if pixels.ndim == 3:
        return _scaled(pixels)
    grey = _shades(pixels, said, number, window)
    return 255 - grey if colours == "MONOCHROME1" else grey


def _scaled(pixels: Any) -> Any:
    """Colours of more than eight bits lose their lower ones."""
    if pixels.dtype.itemsize > 1:
        top = int(pixels.max(initial=0)).bit_length()
        pixels = pixels >> max(top - 8, 0)
    return pixels.astype(np.uint8)


def _shades(pixels: Any, said: Dataset, number: int, window: Window | None) -> Any:
    values = _real(pixels, said, number)
    window = window or _own_window(said, number)
    if window is not None:
        return _windowed(values, window)
    if "VOILUTSequence" in said:
        values = apply_voi_lut(values.astype(pixels.dtype, copy=False), said)
    low, high = float(values.min()), float(values.max())
    return _windowed(values, Window((low + high) / 2, max(high - low, 1e-9), LINEAR_EXACT))


def _real(pixels: Any, said: Dataset, number: int) -> Any:
    for each in _groups(said, number, "PixelValueTransformationSequence"):
        return pixels * float(each.get("RescaleSlope", 1)) + float(each.get("RescaleIntercept", 0))
    return apply_modality_lut(pixels, said)


def _own_window(said: Dataset, number: int) -> Window | None:
    for each in (*_groups(said, number, "FrameVOILUTSequence"), said):
        center, width = _first(each.get("WindowCenter")), _first(each.get("WindowWidth"))
        if center is not None and width is not None and float(width) > 0:
            return Window(float(center), float(width), each.get("VOILUTFunction", LINEAR) or LINEAR)
    return None


def _first(value: Any) -> Any:
    """Of several windows the first."""
    if value is None or value == "":
        return None
    return value[0] if hasattr(value, "__getitem__") and not isinstance(value, str) else value


def _groups(said: Dataset, number: int, name: str) -> Iterator[Dataset]:
    """What the functional groups of an enhanced object say of a frame, and of all (PS3.3 C.7.6.16)."""
    per_frame = said.get("PerFrameFunctionalGroupsSequence") or []
    shared = said.get("SharedFunctionalGroupsSequence") or []
    for group in (*per_frame[number - 1 : number], *shared[:1]):
        yield from (group.get(name) or [])[:1]


def _windowed(values: Any, window: Window) -> Any:
    values = values.astype(np.float64)
    if window.function == SIGMOID:
        shade = 1 / (1 + np.exp(np.clip(-4 * (values - window.center) / window.width, -700, 700)))
    elif window.function == LINEAR_EXACT:
        shade = (values - window.center) / window.width + 0.5
    else:
        width = max(window.width - 1, 1e-9)
        shade = (values - (window.center - 0.5)) / width + 0.5
    return np.rint(np.clip(shade, 0, 1) * 255).astype(np.uint8)
