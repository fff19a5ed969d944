"""Pictures that are no frontal chest film of a child: made from such films, or out of nothing.

No picture of another body part or modality is trained on. Those are kept for measuring, so that what is
measured is how the reader meets kinds of pictures that it has never seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from server.reader.film.canvas import SIDE

Floats = NDArray[np.float32]
Dice = np.random.Generator


def foreign(film: Floats, other: Floats, dice: Dice) -> Floats:
    """One foreign picture, 0 to 1; two films are given to make it from."""
    kind = dice.random()
    if kind < 0.14:
        return 1 - film
    if kind < 0.24:
        return np.ascontiguousarray(_turned(film, dice))
    if kind < 0.34:
        return _clipped(film, dice)
    if kind < 0.46:
        return _screen(film, dice)
    if kind < 0.58:
        return _part(film, dice)
    if kind < 0.66:
        return _shuffled(film, dice)
    if kind < 0.72:
        return np.asarray((film + _turned(other, dice)) / 2, np.float32)
    if kind < 0.92:
        return _phantom(film, dice)
    return _cloud(dice)


def _turned(film: Floats, dice: Dice) -> Floats:
    return np.flipud(film) if dice.random() < 0.25 else np.rot90(film, int(dice.integers(1, 4)))


def _clipped(film: Floats, dice: Dice) -> Floats:
    """A window that leaves a quarter to three quarters of the film black or white."""
    share = dice.uniform(0.25, 0.75)
    if dice.random() < 0.5:
        low, high = np.quantile(film, share), film.max()
    else:
        low, high = film.min(), np.quantile(film, 1 - share)
    return np.asarray(np.clip((film - low) / max(high - low, 0.02), 0, 1), np.float32)


def _screen(film: Floats, dice: Dice) -> Floats:
    """A film within something: a program's window, a light box, lines of text across it."""
    image = Image.fromarray((film * 255).astype(np.uint8))
    if dice.random() < 0.6:
        side = int(dice.integers(60, 150))
        page = Image.new("L", (SIDE, SIDE), int(dice.integers(0, 256)))
        for _ in range(int(dice.integers(1, 5))):
            place = tuple(int(each) for each in dice.integers(0, SIDE - side // 2, 2))
            page.paste(image.resize((side, side)), place)
        image = page
    pen = ImageDraw.Draw(image)
    for _ in range(int(dice.integers(4, 14))):
        x, y, wide, tall = (int(each) for each in dice.integers(0, SIDE, 4))
        shade = int(dice.choice([0, 255, int(dice.integers(0, 256))]))
        if dice.random() < 0.6:
            text = "".join(chr(int(each)) for each in dice.integers(48, 123, int(dice.integers(4, 30))))
            pen.text((x * 0.6, y), text, fill=shade, font_size=int(dice.integers(8, 30)))
        else:
            pen.rectangle((x, y, x + wide // 2, y + tall // 3), outline=shade, width=int(dice.integers(1, 5)))
    return np.asarray(image).astype(np.float32) / np.float32(255)


def _part(film: Floats, dice: Dice) -> Floats:
    """A quarter to a half of the film's height and width, at times tilted."""
    side = int(dice.integers(SIDE // 5, SIDE // 2))
    left, top = (int(each) for each in dice.integers(0, SIDE - side, 2))
    image = Image.fromarray((film * 255).astype(np.uint8)).rotate(float(dice.uniform(-60, 60)))
    cut = image.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.asarray(cut).astype(np.float32) / np.float32(255)


def _shuffled(film: Floats, dice: Dice) -> Floats:
    count = int(dice.choice([2, 4, 7]))
    side = SIDE // count
    tiles = film.reshape(count, side, count, side).swapaxes(1, 2).reshape(-1, side, side)
    mixed = tiles[dice.permutation(len(tiles))].reshape(count, count, side, side)
    return np.ascontiguousarray(mixed.swapaxes(1, 2).reshape(SIDE, SIDE))


def _phantom(film: Floats, dice: Dice) -> Floats:
    """Rounds and rods of grey on a ground, such as slices and limbs have, with a film's or no texture."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE - 0.5
    ground = 0.0 if dice.random() < 0.7 else float(dice.uniform(0, 0.4))
    picture = np.full((SIDE, SIDE), ground, np.float32)
    rods = dice.random() < 0.4
    for turn in range(int(dice.integers(2, 16))):
        angle = dice.uniform(0, np.pi)
        x, y = dice.normal(0, 0.22 if turn else 0.04, 2)
        long = dice.uniform(0.15, 0.5) if turn == 0 or rods else dice.uniform(0.02, 0.25)
        short = long * (dice.uniform(0.08, 0.3) if rods else dice.uniform(0.5, 1.0))
        across = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)
        along = (rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)
        reach = np.sqrt((across / short) ** 2 + (along / long) ** 2)
        edge = np.clip((1 - reach) * dice.uniform(6, 60), 0, 1)
        shade = float(dice.uniform(0, 1))
        picture = picture * (1 - edge) + shade * edge
        if dice.random() < 0.4:  # a rind, as bone has
            rind = np.exp(-(((reach - 1) / dice.uniform(0.02, 0.15)) ** 2))
            picture = np.maximum(picture, rind * float(dice.uniform(0.4, 1)))
    if dice.random() < 0.5:
        picture = picture + (_turned(film, dice) - 0.5) * float(dice.uniform(0.1, 0.6)) * (picture > 0.02)
    noise = dice.normal(0, dice.uniform(0, 0.08), picture.shape)
    return np.clip(picture + noise, 0, 1).astype(np.float32)


def _cloud(dice: Dice) -> Floats:
    """Noise of any coarseness, or a gradient."""
    spectrum = np.fft.rfft2(dice.standard_normal((SIDE, SIDE)))
    reach = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None, :]) + 1 / SIDE
    field = np.fft.irfft2(spectrum / reach ** dice.uniform(0, 2.5), s=(SIDE, SIDE))
    low, high = np.quantile(field, (0.01, 0.99))
    return np.asarray(np.clip((field - low) / (high - low), 0, 1), np.float32)
