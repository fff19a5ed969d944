"""What training does to films so that only the lungs can tell: border, geometry, acquisition.

In these data the border ring and the compression alone tell pneumonia from normal (AUROC 0.88 and 0.83).
So half of the films get the border of another film, of either label, others a made-up one; the films of
some are left empty within a border, with an even chance as their answer; all are blurred, made noisy,
re-encoded and windowed at random, the same for both labels.
"""

from __future__ import annotations

import io
import math

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from server.reader.film.canvas import RIM, SIDE
from server.reader.training.film.films import Bytes
from server.reader.training.film.network import COARSE, FINE, even
from server.reader.training.film.style import restyled

WIDEST = 44
"""Widest ring that is exchanged, in pixels of the canvas."""
_EMPTY = 0.06
_JPEG = 0.35


def acquired_elsewhere(pixels: Bytes, dice: np.random.Generator) -> Tensor:
    """The same films from another machine and hand; borders are left alone."""
    films = [_encoded(film, dice) if dice.random() < _JPEG else film for film in pixels]
    return even(_acquired(_windowed(_sampled(_canvas(films, FINE), FINE, dice), dice), dice))


def batch(  # noqa: PLR0917 - what is shown, and how far it is changed
    pixels: Bytes,
    y: np.ndarray,
    side: int,
    dice: np.random.Generator,
    style: float = 0.0,
    wide: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """What the network is shown of these films at that side, and the answers it should give."""
    films = [_encoded(film, dice) if dice.random() < _JPEG else film for film in pixels]
    answers = torch.from_numpy(y.astype(np.float32))
    canvas, answers = _bordered(_canvas(films, side), answers, dice)
    x = _windowed(_sampled(canvas, side, dice, wide), dice)
    if style:
        x = restyled(x, style, dice)
    return even(_acquired(x, dice)), answers


def _canvas(films: list[Bytes], side: int) -> Tensor:
    """(film, 1, row, column), 0 to 1; at half its resolution where that is enough."""
    whole = torch.from_numpy(np.stack(films)).float()[:, None] / 255
    return functional.avg_pool2d(whole, 2) if side == COARSE else whole


def _encoded(film: Bytes, dice: np.random.Generator) -> Bytes:
    """JPEG again, at times after a loss of resolution: file size then says nothing about the label."""
    image, held = Image.fromarray(film), io.BytesIO()
    if dice.random() < 0.4:
        side = int(dice.integers(112, SIDE))
        image = image.resize((side, side), Image.Resampling.BILINEAR).resize((SIDE, SIDE))
    image.save(held, "JPEG", quality=int(dice.integers(25, 96)))
    return np.asarray(Image.open(held))


def _windowed(canvas: Tensor, dice: np.random.Generator) -> Tensor:
    """Another exposure curve, and up to a few hundredths clipped at either end."""
    count = len(canvas)
    low = torch.from_numpy(dice.uniform(0, 0.08, (count, 1, 1, 1)).astype(np.float32))
    high = torch.from_numpy(dice.uniform(0.9, 1, (count, 1, 1, 1)).astype(np.float32))
    curve = torch.from_numpy(np.exp(dice.uniform(-0.45, 0.45, (count, 1, 1, 1))).astype(np.float32))
    return ((canvas - low) / (high - low)).clamp(0, 1) ** curve


def _bordered(canvas: Tensor, answers: Tensor, dice: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Rings exchanged, painted over, or left alone with nothing inside."""
    given = canvas[torch.from_numpy(dice.permutation(len(canvas)))]
    out, answers = canvas.clone(), answers.clone()
    side = canvas.shape[-1]
    for row in range(len(canvas)):
        ends = dice.integers(RIM // 2, WIDEST, 4) * side // SIDE
        left, top, right, bottom = (int(each) for each in ends)
        inside = (slice(top, side - bottom), slice(left, side - right))
        what = dice.random()
        if what < _EMPTY:
            out[row, 0][inside] = float(dice.uniform(0, 1)) if dice.random() < 0.5 else canvas[row].mean()
            answers[row] = 0.5
        elif what < 0.55:
            ring = given[row].clone()
            ring[0][inside] = canvas[row, 0][inside]
            out[row] = ring
        elif what < 0.75:
            ring = _painted(canvas[row], dice)
            ring[0][inside] = canvas[row, 0][inside]
            out[row] = ring
    return out, answers


def _painted(film: Tensor, dice: np.random.Generator) -> Tensor:
    kind = dice.integers(3)
    if kind == 0:
        return torch.full_like(film, float(dice.uniform(0, 1)))
    if kind == 1:
        return torch.from_numpy(dice.uniform(0, 1, film.shape).astype(np.float32))
    coarse = functional.adaptive_avg_pool2d(film[None], 8)
    return functional.interpolate(coarse, size=film.shape[1:], mode="bilinear", align_corners=False)[0]


def _sampled(canvas: Tensor, size: int, dice: np.random.Generator, more: float = 0.0) -> Tensor:
    """Another position, size, aspect, tilt and side; the rim is cut as in use."""
    count = len(canvas)
    keep = 1 - 2 * RIM / SIDE
    angle = dice.normal(0, math.radians(5), count)
    wide = keep * np.exp(dice.uniform(-0.16 - more, 0.1 + more / 2, count))
    tall = wide * np.exp(dice.uniform(-0.1 - more, 0.1 + more, count))
    side = np.where(dice.random(count) < 0.5, -1.0, 1.0)
    shift = dice.uniform(-0.07, 0.07, (2, count))
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.stack([[side * wide * cos, -tall * sin, shift[0]], [side * wide * sin, tall * cos, shift[1]]])
    theta = torch.from_numpy(matrix.transpose(2, 0, 1).astype(np.float32).copy())
    grid = functional.affine_grid(theta, [count, 1, size, size], align_corners=False)
    return functional.grid_sample(canvas, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _acquired(x: Tensor, dice: np.random.Generator) -> Tensor:
    """Blur or sharpen, shade, noise, and a patch that is missing."""
    count, side = len(x), x.shape[-1]
    soft = functional.avg_pool2d(functional.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
    share = torch.from_numpy(dice.uniform(-0.8, 1.0, (count, 1, 1, 1)).astype(np.float32))
    x = x + share * (soft - x)
    shade = torch.from_numpy(dice.normal(0, 0.12, (count, 1, 3, 3)).astype(np.float32))
    x = x + functional.interpolate(shade, size=(side, side), mode="bicubic", align_corners=False)
    grain = torch.from_numpy(dice.uniform(0, 0.04, (count, 1, 1, 1)).astype(np.float32))
    x = x + grain * torch.from_numpy(dice.standard_normal(x.shape, dtype=np.float32))
    for row in np.flatnonzero(dice.random(count) < 0.3):
        top, left = dice.integers(0, side * 5 // 6, 2)
        tall, wide = dice.integers(side // 12, side // 3, 2)
        x[row, 0, top : top + tall, left : left + wide] = float(dice.uniform(0, 1))
    return x
