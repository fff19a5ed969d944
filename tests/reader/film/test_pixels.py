"""Stored values become grey: polarity, sign, window, table, padding, bits, shape; and what is refused."""

from __future__ import annotations

import struct
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEG2000,
    MPEG2MPML,
    ExplicitVRBigEndian,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from server.model import Span
from server.reader.film.outside import Outside
from server.reader.film.pixels import Film, film
from tests.reader.film.build import CONTRACT, made, ramp

FULL = {"WindowCenter": 128, "WindowWidth": 256}


def grey(said: Dataset) -> np.ndarray:
    found = film(said, CONTRACT)
    assert isinstance(found, Film), found
    assert found.values.dtype == np.float32
    return found.values


def table(values: list[int], first: int = 0, bits: int = 8) -> list[Dataset]:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(values), first, bits])
    item.add_new("LUTData", "OW", np.array(values, "<u2").tobytes())
    return [item]


class TestGrey:
    def test_dark_is_low(self) -> None:
        assert grey(made())[0] == pytest.approx(ramp()[0] / 255, abs=0.005)

    def test_monochrome1_is_turned_round(self) -> None:
        turned = made(255 - ramp(), PhotometricInterpretation="MONOCHROME1")
        assert grey(turned) == pytest.approx(grey(made()), abs=0.005)

    def test_signed_values_with_rescale_show_the_same(self) -> None:
        signed = made(
            (ramp("i2") - 128), RescaleSlope=2, RescaleIntercept=256, WindowCenter=256, WindowWidth=512
        )
        assert grey(signed) == pytest.approx(grey(made()), abs=0.01)

    def test_what_lies_above_the_stored_bits_is_no_grey(self) -> None:
        twelve = ramp("u2") * 16
        wide = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 2048, "WindowWidth": 4096}
        assert grey(made(twelve | 0xF000, **wide)) == pytest.approx(grey(made(twelve, **wide)))

    def test_the_sign_is_that_of_the_stored_bits(self) -> None:
        twelve = (ramp("i2") - 128) & 0x0FFF  # the four bits above hold no sign
        said = made(twelve.astype("i2"), BitsStored=12, HighBit=11, WindowCenter=0, WindowWidth=256)
        assert grey(said) == pytest.approx(grey(made()), abs=0.005)

    @pytest.mark.parametrize(
        ("function", "expected"),
        [
            ("LINEAR", [0, 0, (64 - 95.5) / 63 + 0.5, 1, 1]),
            ("LINEAR_EXACT", [0, 0, 0, (128 - 96) / 64 + 0.5, 1]),
            ("SIGMOID", [1 / (1 + np.exp(-4 * (each - 96) / 64)) for each in (0, 32, 64, 128, 255)]),
        ],
    )
    def test_windows_as_ps3_3_c_11_2_1_2_writes_them(self, function: str, expected: list[float]) -> None:
        picture = np.tile(np.array([0, 32, 64, 128, 255], "u1"), (5, 1))
        said = made(picture, WindowCenter=96, WindowWidth=64, VOILUTFunction=function)
        assert grey(said)[0] == pytest.approx(expected, abs=1e-6)

    def test_of_several_windows_the_first(self) -> None:
        assert grey(made(WindowCenter=[128, 1], WindowWidth=[256, 2])) == pytest.approx(grey(made()))

    def test_without_a_window_percentiles_say_what_is_black_and_white(self) -> None:
        low = made((ramp("u2") // 16 + 1000), without="WindowCenter", BitsStored=16)
        assert grey(low)[0] == pytest.approx(np.arange(16) / 15, abs=0.01)

    def test_a_voi_table_comes_before_a_window(self) -> None:
        said = made(ramp() // 16, VOILUTSequence=table([255 - 16 * each for each in range(16)]))
        assert grey(said)[0] == pytest.approx((255 - 16 * np.arange(16)) / 255)

    def test_a_modality_table_comes_first(self) -> None:
        said = made(ramp() // 16, ModalityLUTSequence=table([16 * each for each in range(16)]))
        assert grey(said) == pytest.approx(grey(made()))

    def test_a_table_reaches_to_both_sides(self) -> None:
        said = made(ramp() // 16, VOILUTSequence=table([10, 20], first=5))
        assert list(grey(said)[0] * 255) == pytest.approx([10] * 6 + [20] * 10)

    @pytest.mark.parametrize("polarity", ["MONOCHROME1", "MONOCHROME2"])
    def test_padding_is_black_and_no_part_of_the_percentiles(self, polarity: str) -> None:
        picture = ramp("u2")
        picture[:, :4] = 60000
        said = made(
            picture, without="WindowCenter", PixelPaddingValue=60000, PhotometricInterpretation=polarity
        )
        values = grey(said)
        assert not values[:, :4].any()
        assert values[:, 4:].min() == pytest.approx(0, abs=0.01)
        assert values[:, 4:].max() == pytest.approx(1, abs=0.01)

    def test_a_range_of_padding(self) -> None:
        said = made(PixelPaddingValue=40, PixelPaddingRangeLimit=0)
        assert not grey(said)[:, :3].any()


@pytest.mark.parametrize(
    ("header", "aspect"),
    [
        ({}, 1),
        ({"PixelSpacing": [0.1, 0.2]}, 2),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, 0.5),
        ({"PixelAspectRatio": [2, 1]}, 0.5),
        ({"PixelAspectRatio": [0, 1]}, 1),
    ],
)
def test_the_shape_of_a_pixel_counts(header: dict[str, object], aspect: float) -> None:
    found = film(made(**header), CONTRACT)
    assert isinstance(found, Film)
    assert found.aspect == pytest.approx(aspect)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"Rows": 65535, "Columns": 65535}, Outside.SIZE),
        ({"NumberOfFrames": 2**31 - 1}, Outside.FRAMES),  # D-098
        ({"SamplesPerPixel": 0}, Outside.FRAMES),
        ({"BitsAllocated": 0}, Outside.DEPTH),  # D-100
        ({"BitsAllocated": 7}, Outside.DEPTH),
        ({"BitsAllocated": 1024}, Outside.DEPTH),
        ({"RescaleSlope": "nan"}, Outside.LOOK_UP),  # D-106
        ({"RescaleIntercept": "inf"}, Outside.LOOK_UP),
        ({"Rows": 3}, Outside.SIZE),
        ({"NumberOfFrames": 2}, Outside.FRAMES),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, Outside.FRAMES),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, Outside.PHOTOMETRIC),
        ({"PresentationLUTShape": "INVERSE"}, Outside.PHOTOMETRIC),
        ({"BitsAllocated": 32}, Outside.DEPTH),
        ({"BitsStored": 12}, Outside.DEPTH),
        ({"HighBit": 6}, Outside.DEPTH),
        ({"PixelRepresentation": 2}, Outside.DEPTH),
        ({"PixelData": b""}, Outside.NO_PIXELS),
        ({"PixelData": b"\0" * 10}, Outside.DECODING),
        ({"RescaleSlope": 0}, Outside.LOOK_UP),
        ({"WindowWidth": 0}, Outside.LOOK_UP),
        ({"VOILUTFunction": "MAGIC"}, Outside.LOOK_UP),
        ({"VOILUTSequence": table([1], bits=4)}, Outside.LOOK_UP),
        ({"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 255, "WindowWidth": None}, Outside.LOOK_UP),
    ],
)
def test_refusals_are_values(header: dict[str, object], reason: Outside) -> None:
    assert film(made(**header), CONTRACT) is reason


@pytest.mark.parametrize("syntax", [MPEG2MPML, ExplicitVRBigEndian])
def test_other_transfer_syntaxes_are_refused(syntax: str) -> None:
    said = made()
    said.file_meta.TransferSyntaxUID = syntax
    assert film(said, CONTRACT) is Outside.SYNTAX


def compressed(stream: bytes, syntax: str) -> Dataset:
    said = made(PixelData=encapsulate([stream]))
    said.file_meta.TransferSyntaxUID = syntax
    said["PixelData"].VR = "OB"
    return said


SIXTEEN, VAST = b"\x00\x10", b"\xff\xff"
SOF = b"\xff\xd8\xff\xfe\x00\x04hi\xff\xc0\x00\x0b\x08"
SIZ = b"\xff\x4f\xff\x51\x00\x29\x00\x00"


@pytest.mark.parametrize(
    ("stream", "syntax", "reason"),
    [
        (SOF + VAST + VAST + b"\x01\x01\x11\x00", JPEGBaseline8Bit, Outside.CODESTREAM),
        (SOF + SIXTEEN + SIXTEEN + b"\x01\x01\x11\x00", JPEGBaseline8Bit, Outside.DECODING),
        (b"\xff\xd8\xff\xf7\x00\x0b\x08" + VAST + VAST + b"\x01", JPEGLSLossless, Outside.CODESTREAM),
        (SIZ + b"\x7f\xff\xff\xff" * 2 + b"\0" * 40, JPEG2000, Outside.CODESTREAM),
        (SIZ + b"\x00\x00\x00\x10" * 2 + b"\0" * 40, JPEG2000, Outside.DECODING),
        (b"no picture at all", JPEG2000, Outside.CODESTREAM),
    ],
)
def test_a_stream_of_another_size_is_not_decoded(stream: bytes, syntax: str, reason: Outside) -> None:
    assert film(compressed(stream, syntax), CONTRACT) is reason


def test_rle_is_decoded() -> None:
    said = made()
    said.compress(RLELossless)
    assert grey(said) == pytest.approx(grey(made()))


PYDICOM = Path(pydicom.__file__).parent / "data" / "test_files"


@pytest.mark.parametrize("name", ["MR_small_RLE", "MR_small_jp2klossless", "MR_small_jpeg_ls_lossless"])
def test_one_picture_is_the_same_in_every_transfer_syntax(name: str) -> None:
    assert grey(pydicom.dcmread(PYDICOM / f"{name}.dcm")).tobytes() == NATIVE.tobytes()


NATIVE = grey(pydicom.dcmread(PYDICOM / "MR_small.dcm"))


def test_twelve_bit_jpeg_is_refused_by_its_transfer_syntax() -> None:
    wide = replace(CONTRACT, pixels=Span(Decimal(4), Decimal(1024)))
    assert film(pydicom.dcmread(PYDICOM / "JPEG-lossy.dcm"), wide) is Outside.SYNTAX


def test_jpeg_2000_with_loss_is_decoded() -> None:
    wide = replace(CONTRACT, pixels=Span(Decimal(4), Decimal(1024)))
    found = film(pydicom.dcmread(PYDICOM / "JPEG2000.dcm"), wide)
    assert isinstance(found, Film)
    assert found.values.shape == (1024, 256)


def test_d099_rows_of_another_vr_than_us() -> None:
    said = made()
    del said.Rows
    said.add_new(0x00280010, "UL", 0x00100010)
    assert film(said, CONTRACT) is Outside.SIZE


def test_d097_an_rle_bomb_is_stopped() -> None:
    """A segment that says more than its plane holds; the process has bounds of its own (``child.MEMORY``)."""
    said = made()
    said.compress(RLELossless)
    bomb = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\x00" * 500_000  # 64 MB of zeros for 256 bytes
    said.PixelData = encapsulate([bomb])
    began = time.process_time()
    assert film(said, CONTRACT) is Outside.DECODING
    assert time.process_time() - began < 2.0


def test_d106_pixels_in_floats_are_no_film() -> None:
    said = made()
    del said.PixelData
    said.FloatPixelData = np.full((16, 16), np.nan, "<f4").tobytes()
    assert film(said, CONTRACT) is Outside.NO_PIXELS


def test_d106_a_spacing_that_cannot_be_says_nothing() -> None:
    found = film(made(PixelSpacing=[-1, 1]), CONTRACT)
    assert isinstance(found, Film)
    assert found.aspect == 1
