"""By what recipes are chosen: validation films as they are saturate, so they are changed, each label apart.

The published test part was filmed otherwise than the training part, and not in the same way for both labels.
So each label of the validation films is made in every one of KINDS, and what counts is how well normal films
of one kind are told from ill ones of any other. Chosen is what has the best worst pair, unless the mean over
all pairs is lower than before by more than a thousandth.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from server.reader.film.canvas import SIDE
from server.reader.training.figures import auroc
from server.reader.training.film.films import Films
from server.reader.training.film.fit import scores
from server.reader.training.film.measure import swapped_borders
from server.reader.training.film.network import Network

Floats = NDArray[np.float32]
Odds = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hard:
    """How well the labels are told apart."""

    plain: float
    alike: float
    """Both labels changed alike; the mean over the kinds."""
    crossed: float
    """Each label in another way; the mean over all pairs of kinds."""
    worst: float

    def __str__(self) -> str:
        named = (
            ("plain", self.plain),
            ("alike", self.alike),
            ("crossed", self.crossed),
            ("worst", self.worst),
        )
        return "  ".join(f"{name} {value:.4f}" for name, value in named)


def hard(odds: Mapping[str, Odds], y: NDArray[np.int64]) -> Hard:
    """Of log-odds by kind, one for each film."""
    well, ill = y == 0, y == 1
    told = {
        (one, other): auroc(np.concatenate([odds[one][well], odds[other][ill]]), np.sort(y))
        for one in odds
        for other in odds
    }
    alike = [told[kind, kind] for kind in odds]
    crossed = [value for (one, other), value in told.items() if one != other]
    return Hard(told["as it is", "as it is"], float(np.mean(alike)), float(np.mean(crossed)), min(crossed))


def by_kind(networks: Sequence[Network], films: Films) -> dict[str, Odds]:
    """The mean log-odds of networks, of the films made in each kind."""
    plain = torch.from_numpy(films.pixels).float()[:, None] / 255
    made = {kind: change(plain, np.random.default_rng(5)) for kind, change in KINDS.items()}
    canvases = {kind: x[:, 0].clamp(0, 1).numpy() for kind, x in made.items()}
    canvases["border of the other label"] = swapped_borders(canvases["as it is"], films.y, 28)
    with torch.autocast("cpu", torch.bfloat16):  # twice as fast, and the order of films is what counts
        return {
            kind: np.mean([scores(each, canvas) for each in networks], axis=0)
            for kind, canvas in canvases.items()
        }


def _shaded(x: Tensor, dice: np.random.Generator) -> Tensor:
    """Less contrast, unevenly exposed."""
    shade = torch.from_numpy(dice.normal(0, 0.15, (len(x), 1, 3, 3)).astype(np.float32))
    return (
        0.25 + 0.5 * x + functional.interpolate(shade, size=(SIDE, SIDE), mode="bicubic", align_corners=False)
    )


def _coarse(x: Tensor, _: np.random.Generator) -> Tensor:
    small = functional.interpolate(x, size=(80, 80), mode="bilinear", antialias=True)
    return functional.interpolate(small, size=(SIDE, SIDE), mode="bilinear", align_corners=False)


def _edged(x: Tensor, _: np.random.Generator) -> Tensor:
    """Sharpened over a few pixels, as the processing of many machines does."""
    soft = functional.avg_pool2d(functional.pad(x, (4, 4, 4, 4), mode="replicate"), 9, 1)
    return x + 1.2 * (x - soft)


def _grainy(x: Tensor, dice: np.random.Generator) -> Tensor:
    return x + 0.06 * torch.from_numpy(dice.standard_normal(x.shape, dtype=np.float32))


def _compressed(x: Tensor, _: np.random.Generator) -> Tensor:
    made = []
    for film in (x[:, 0] * 255).byte().numpy():
        held = io.BytesIO()
        Image.fromarray(film).save(held, "JPEG", quality=20)
        made.append(np.asarray(Image.open(held)))
    return torch.from_numpy(np.stack(made)).float()[:, None] / 255


def _equalised(x: Tensor, _: np.random.Generator) -> Tensor:
    """Every grey as often as every other, by half."""
    ranks = x.flatten(1).argsort(dim=1).argsort(dim=1).view_as(x) / SIDE**2
    return (x + ranks) / 2


def _sized(wide: float, tall: float) -> Change:
    """So much of the film's width and height; what lies beyond its edge is the edge's grey."""

    def change(x: Tensor, _: np.random.Generator) -> Tensor:
        theta = torch.tensor([[wide, 0, 0], [0, tall, 0]]).expand(len(x), 2, 3)
        grid = functional.affine_grid(theta, list(x.shape), align_corners=False)
        return functional.grid_sample(x, grid, padding_mode="border", align_corners=False)

    return change


Change = Callable[[Tensor, np.random.Generator], Tensor]

KINDS: Mapping[str, Change] = {
    "as it is": lambda x, _: x,
    "brighter": lambda x, _: x**0.55,
    "darker": lambda x, _: x ** (1 / 0.55),
    "shaded": _shaded,
    "coarse": _coarse,
    "edged": _edged,
    "grainy": _grainy,
    "compressed": _compressed,
    "equalised": _equalised,
    "closer": _sized(0.85, 0.85),
    "farther": _sized(1.1, 1.1),
    "stretched in width": _sized(0.85, 1.05),
    "stretched in height": _sized(1.05, 0.85),
}
