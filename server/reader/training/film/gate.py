"""The second output: is this a frontal chest film of a child at all, dark where air is?

A small network told films from foreign pictures; beside it, how far a film's features lie from those of
the films trained on (Mahalanobis, Lee 2018). The less sure of the two decides.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from server.reader.training.film.films import Films
from server.reader.training.film.foreign import foreign
from server.reader.training.film.network import Block, even

Floats = NDArray[np.float32]

SIZE = 64
RATE = 3e-3
FEATURES = 96
REACH = 0.25
"""How much one unit of distance beyond the usual weighs against one of log-odds."""


class Gate(nn.Module):
    """(film, SIDE, SIDE) -> score; above nought is more like a film than not."""

    mean: Tensor
    inverse: Tensor
    usual: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 5, 2, 2, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            Block(16, 32, 2),
            Block(32, 64, 2),
            Block(64, FEATURES, 2),
        )
        self.head = nn.Linear(FEATURES, 1)
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("inverse", torch.eye(FEATURES))
        self.register_buffer("usual", torch.tensor(1e6))

    def features(self, half: Tensor) -> Tensor:
        found: Tensor = self.body(even(half)).mean(dim=(2, 3))
        return found

    def forward(self, canvas: Tensor) -> Tensor:
        features = self.features(halved(canvas))
        away = features - self.mean
        distance = ((away @ self.inverse) * away).sum(dim=1).clamp(min=0).sqrt()
        return torch.minimum(self.head(features)[:, 0], REACH * (self.usual - distance))


def halved(canvas: Tensor) -> Tensor:
    """(film, SIDE, SIDE) -> (film, 1, HALF, HALF)."""
    return functional.avg_pool2d(canvas[:, None], 2)


def fit(films: Films, seed: int, rounds: int, tick: Callable[[int, float], None]) -> Gate:
    """One gate, from films and as many foreign pictures, made anew for each batch."""
    torch.manual_seed(seed)
    dice = np.random.default_rng(seed)
    gate: Gate = Gate().to(memory_format=torch.channels_last)
    steps = len(films.y) // SIZE
    rule = torch.optim.AdamW(gate.parameters(), lr=RATE, weight_decay=0.02)
    pace = torch.optim.lr_scheduler.OneCycleLR(rule, RATE, total_steps=rounds * steps, pct_start=0.2)
    for turn in range(rounds):
        total = 0.0
        gate.train()
        for rows in dice.permutation(len(films.y))[: steps * SIZE].reshape(steps, SIZE):
            x, y = _batch(films.pixels[rows], dice)
            with torch.autocast("cpu", torch.bfloat16):
                score = gate.head(gate.features(x.contiguous(memory_format=torch.channels_last)))[:, 0]
            loss = functional.binary_cross_entropy_with_logits(score.float(), y * 0.98 + 0.01)
            rule.zero_grad()
            loss.backward()
            rule.step()
            pace.step()
            total += float(loss.detach())
        tick(turn, total / steps)
    measured: Gate = _measured(gate, films, dice)
    return measured


@torch.inference_mode()
def scores(gate: Gate, canvases: Floats) -> Floats:
    """One score for each canvas (row, SIDE, SIDE), 0 to 1."""
    parts = [gate(torch.from_numpy(part)) for part in np.array_split(canvases, max(1, len(canvases) // 256))]
    return np.asarray(torch.cat(parts).numpy())


@torch.inference_mode()
def _measured(gate: Gate, films: Films, dice: np.random.Generator) -> Gate:
    """Mean and spread of the features of films, each seen as it is and at other exposures."""
    gate.eval()
    parts = []
    for start in range(0, len(films.y), 256):
        plain = halved(torch.from_numpy(films.pixels[start : start + 256]).float() / 255)
        parts += [gate.features(plain), gate.features(_acquired(plain, dice))]
    features = torch.cat(parts).double()
    mean = features.mean(dim=0)
    away = features - mean
    spread = away.T @ away / len(away)
    inverse = torch.linalg.inv(spread + 0.01 * spread.diagonal().mean() * torch.eye(FEATURES))
    distance = ((away @ inverse) * away).sum(dim=1).sqrt()
    gate.mean.copy_(mean)
    gate.inverse.copy_(inverse)
    gate.usual.copy_(torch.quantile(distance, 0.999))
    return gate


def _batch(pixels: np.ndarray, dice: np.random.Generator) -> tuple[Tensor, Tensor]:
    films = pixels.astype(np.float32) / 255
    count = len(films) // 2
    made = [foreign(film, films[int(dice.integers(count))], dice) for film in films[count:]]
    x = torch.from_numpy(np.concatenate([films[:count], np.stack(made)]).astype(np.float32))
    return _acquired(halved(x), dice), torch.cat([torch.ones(count), torch.zeros(len(made))])


def _acquired(x: Tensor, dice: np.random.Generator) -> Tensor:
    """Small moves, exposure, blur and noise, alike for both kinds: none of them may be what tells."""
    count = len(x)
    size = 1 + dice.uniform(-0.12, 0.08, (2, count))
    angle = dice.normal(0, 0.08, count)
    side = np.where(dice.random(count) < 0.5, -1.0, 1.0)
    shift = dice.uniform(-0.06, 0.06, (2, count))
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.stack(
        [[side * size[0] * cos, -size[1] * sin, shift[0]], [side * size[0] * sin, size[1] * cos, shift[1]]]
    )
    theta = torch.from_numpy(matrix.transpose(2, 0, 1).astype(np.float32).copy())
    grid = functional.affine_grid(theta, list(x.shape), align_corners=False)
    x = functional.grid_sample(x, grid, padding_mode="border", align_corners=False)
    curve = np.exp(dice.uniform(-0.5, 0.5, (count, 1, 1, 1))).astype(np.float32)
    x = x.clamp(0, 1) ** torch.from_numpy(curve)
    soft = functional.avg_pool2d(functional.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
    share = torch.from_numpy((dice.random((count, 1, 1, 1)) ** 2).astype(np.float32))
    x = x + share * (soft - x)
    grain = torch.from_numpy((0.05 * dice.random((count, 1, 1, 1)) ** 2).astype(np.float32))
    noise = torch.from_numpy(dice.standard_normal(x.shape, dtype=np.float32))
    return (x + grain * noise).clamp(0, 1)
