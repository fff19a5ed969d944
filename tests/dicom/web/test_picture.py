"""From pixels to shades: the formulas of PS3.3 C.11.2.1.2, by their own numbers."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from server.dicom.web.picture import LINEAR, LINEAR_EXACT, SIGMOID, Window, eight_bits

VALUES = np.array([[-1000, 0, 40, 80, 3000]], dtype=np.int16)


def said(**more: object) -> Dataset:
    made = Dataset()
    made.PhotometricInterpretation = "MONOCHROME2"
    for name, value in more.items():
        setattr(made, name, value)
    return made


def shades(data: Dataset, window: Window | None = None, number: int = 1) -> list[int]:
    return [int(each) for each in eight_bits(VALUES, data, number, window)[0]]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (Window(40, 81, LINEAR), [0, 2, 129, 255, 255]),
        (Window(40, 80, LINEAR_EXACT), [0, 0, 128, 255, 255]),
        (Window(40, 80, SIGMOID), [0, 30, 128, 225, 255]),
        (Window(0.5, 1, LINEAR), [0, 128, 255, 255, 255]),
    ],
)
def test_a_window_that_is_asked_for(window: Window, expected: list[int]) -> None:
    assert shades(said(WindowCenter="500", WindowWidth="1"), window) == expected


def test_the_first_window_of_the_object_is_its_own() -> None:
    assert shades(said(WindowCenter=["40", "0"], WindowWidth=["81", "5"])) == [0, 2, 129, 255, 255]
    exact = said(WindowCenter="40", WindowWidth="80", VOILUTFunction="LINEAR_EXACT")
    assert shades(exact) == [0, 0, 128, 255, 255]


def test_without_a_window_all_values_are_shown() -> None:
    assert shades(said()) == [0, 64, 66, 69, 255]
    assert shades(said(WindowCenter="", WindowWidth="")) == [0, 64, 66, 69, 255]
    assert {int(x) for x in eight_bits(np.zeros((2, 2), np.uint8), said(), 1, None).flat} == {128}


def test_values_are_rescaled_before_the_window() -> None:
    rescaled = said(RescaleSlope="2", RescaleIntercept="-40", WindowCenter="40", WindowWidth="81")
    assert shades(rescaled) == [0, 0, 129, 255, 255]


def test_monochrome1_is_black_where_values_are_high() -> None:
    dark = said(PhotometricInterpretation="MONOCHROME1", WindowCenter="40", WindowWidth="81")
    assert shades(dark) == [255, 253, 126, 0, 0]


def test_an_enhanced_object_has_a_window_for_each_frame() -> None:
    frames = []
    for center in ("40", "3000"):
        window, group = Dataset(), Dataset()
        window.WindowCenter, window.WindowWidth = center, "81"
        group.FrameVOILUTSequence = Sequence([window])
        frames.append(group)
    data = said(PerFrameFunctionalGroupsSequence=Sequence(frames))
    assert shades(data, number=1) == [0, 2, 129, 255, 255]
    assert shades(data, number=2) == [0, 0, 0, 0, 129]


def test_colours_keep_their_upper_bits() -> None:
    colours = np.array([[[0, 256, 65535]]], dtype=np.uint16)
    assert eight_bits(colours, said(PhotometricInterpretation="RGB"), 1, None).tolist() == [[[0, 1, 255]]]
