"""The film with what the model says of it, for viewers that show nothing else. Pure.

The text stands above and below the film, in the middle: viewers write into the corners. Small films are
enlarged until the text can be read, large ones are made smaller; nothing of the patient is written.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from server.dicom.pens.opinion import Map

Grey = NDArray[np.uint8]
Colours = NDArray[np.uint8]

SHORTEST, LONGEST = 800, 1280
"""Pixels of the film's longer side, as it is drawn."""
_NARROWEST = 600
_LINES = 34
"""Heights of the plain text in the width of the picture."""
SPEAKS_FOR = 0.5
_AMBER, _WHITE, _GREY, _BLACK = (255, 170, 0), (255, 255, 255), (190, 190, 190), (0, 0, 0)
_STRONGEST = 0.6
"""How much of the film's own grey the strongest colour covers."""


@dataclass(frozen=True, slots=True)
class Caption:
    """What is written: ``mark`` above the film, the rest below."""

    mark: str
    answer: str
    lines: tuple[str, ...]


def picture(grey: Grey, stretch: float, shown: Map | None, caption: Caption) -> Colours:
    """(row, column, red green blue). ``stretch``: how much taller a pixel of ``grey`` is than it is wide."""
    film = _film(grey, stretch)
    if shown is not None:
        film = _coloured(film, shown)
    width = max(film.width, _NARROWEST)
    head, foot = _head(width, caption.mark), _foot(width, caption)
    whole = Image.new("RGB", (width, head.height + film.height + foot.height), _BLACK)
    whole.paste(head, (0, 0))
    whole.paste(film, ((width - film.width) // 2, head.height))
    whole.paste(foot, (0, head.height + film.height))
    return np.asarray(whole, np.uint8)


def _film(grey: Grey, stretch: float) -> Image.Image:
    tall, wide = grey.shape[0] * max(stretch, 1.0), grey.shape[1] * max(1 / stretch, 1.0)
    scale = min(max(tall, wide, SHORTEST), LONGEST) / max(tall, wide)
    size = max(round(wide * scale), 1), max(round(tall * scale), 1)
    return Image.fromarray(grey).resize(size, Image.Resampling.LANCZOS).convert("RGB")


def _coloured(film: Image.Image, shown: Map) -> Image.Image:
    """Amber where the map speaks for the finding, the more the stronger; the rest stays as it is.

    No line round it: it would be taken for the outline of something seen, and make specks weigh as much.
    """
    spread = Image.fromarray(shown).resize(film.size, Image.Resampling.BILINEAR)
    values = np.asarray(spread, np.float32)
    strength = np.clip((values - SPEAKS_FOR) / (1 - SPEAKS_FOR), 0, 1) * _STRONGEST
    mixed = (
        np.asarray(film, np.float32) * (1 - strength[..., None])
        + np.array(_AMBER, np.float32) * strength[..., None]
    )
    return Image.fromarray(np.rint(mixed).astype(np.uint8))


def _head(width: int, mark: str) -> Image.Image:
    unit = width / _LINES
    big, plain = _font(unit * 2.2), _font(unit * 1.15)
    box = round(unit * 3)
    band = Image.new("RGB", (width, box + round(unit)), _BLACK)
    draw = ImageDraw.Draw(band)
    gap = unit * 0.7
    left = (width - box * 1.3 - gap - plain.getlength(mark)) / 2
    top = unit / 2
    draw.rectangle((left, top, left + box * 1.3, top + box), fill=_AMBER)
    draw.text((left + box * 0.65, top + box / 2), "AI", _BLACK, big, anchor="mm")
    draw.text((left + box * 1.3 + gap, top + box / 2), mark, _AMBER, plain, anchor="lm")
    return band


def _foot(width: int, caption: Caption) -> Image.Image:
    unit = width / _LINES
    big, plain = _font(unit * 1.7), _font(unit)
    written = [(line, _WHITE, big, unit * 2.2) for line in _wrapped(caption.answer, big, width - 2 * unit)]
    for each in caption.lines:
        written += [(line, _GREY, plain, unit * 1.4) for line in _wrapped(each, plain, width - 2 * unit)]
    band = Image.new("RGB", (width, round(unit * 1.2 + sum(height for *_, height in written))), _BLACK)
    draw, top = ImageDraw.Draw(band), unit * 0.6
    for line, colour, font, height in written:
        draw.text((width / 2, top + height / 2), line, colour, font, anchor="mm")
        top += height
    return band


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _font(size: float) -> ImageFont.FreeTypeFont:
    """The one that comes inside Pillow."""
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # noqa: S101 - our wheels bring FreeType
    return font
