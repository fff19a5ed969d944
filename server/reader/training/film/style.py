"""What else of a film is exchanged in training, because it tells where it was made: tone and texture.

The border is not all that gives the label away in these data. Films of another machine differ in their tone
curve, in what the grid and the screen do to coarse and fine structure, and in how they were squashed.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def restyled(x: Tensor, share: float, dice: np.random.Generator) -> Tensor:
    """(film, 1, row, column), about 0 to 1; each change comes to that share of the films, of either label."""
    x = x.clone()
    for change in (_toned, _spectrum, _filtered):
        chosen = torch.from_numpy(dice.random(len(x)) < share)
        if chosen.any():
            x[chosen] = change(x[chosen], dice)
    return x


def _other(x: Tensor, dice: np.random.Generator) -> Tensor:
    return x[torch.from_numpy(dice.permutation(len(x)))]


def _much(x: Tensor, dice: np.random.Generator) -> Tensor:
    return torch.from_numpy(dice.random((len(x), 1, 1, 1)).astype(np.float32))


def _toned(x: Tensor, dice: np.random.Generator) -> Tensor:
    """With the grey values of another film in the order of its own (histogram matching)."""
    order = x.flatten(1).argsort(dim=1)
    greys = _other(x, dice).flatten(1).sort(dim=1).values
    matched = torch.empty_like(greys).scatter_(1, order, greys).view_as(x)
    return x + _much(x, dice) * (matched - x)


def _spectrum(x: Tensor, dice: np.random.Generator) -> Tensor:
    """With some of another film's amplitudes and its own phases (Xu 2021): what is where remains."""
    own = torch.fft.rfft2(x)
    amplitude = own.abs()
    mixed = amplitude + _much(x, dice) * (_other(amplitude, dice) - amplitude)
    return torch.fft.irfft2(torch.polar(mixed, own.angle()), s=x.shape[2:])


def _filtered(x: Tensor, dice: np.random.Generator) -> Tensor:
    """Through a small filter drawn for each film, its brightness and contrast kept (after Xu 2020)."""
    count = len(x)
    kernel = dice.standard_normal((count, 1, 3, 3)).astype(np.float32) * 0.25
    kernel[:, :, 1, 1] += 1
    padded = functional.pad(x, (1, 1, 1, 1), mode="replicate").transpose(0, 1)
    made = functional.conv2d(padded, torch.from_numpy(kernel), groups=count).transpose(0, 1)
    mean, spread = made.mean((2, 3), keepdim=True), made.std((2, 3), keepdim=True)
    return (made - mean) / (spread + 1e-3) * x.std((2, 3), keepdim=True) + x.mean((2, 3), keepdim=True)
