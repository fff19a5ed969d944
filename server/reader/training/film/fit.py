"""Fits one network. Seeds are fixed; another processor or another torch may still move the last digits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from server.reader.training.film.augment import batch
from server.reader.training.film.films import Films
from server.reader.training.film.network import Network, log_odds, seen

ROUNDS = 24
SIZE = 64
RATE = 3e-3
DECAY = 0.02
MIX = 0.2
SMOOTH = 0.04

Tick = Callable[[int, float], None]


def fit(films: Films, seed: int, rounds: int, tick: Tick) -> Network:
    """One network, averaged over its last steps. ``tick(round, loss)`` is called after each round."""
    torch.manual_seed(seed)
    dice = np.random.default_rng(seed)
    network = Network().to(memory_format=torch.channels_last)
    steps = len(films.y) // SIZE
    rule = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    pace = torch.optim.lr_scheduler.OneCycleLR(rule, RATE, total_steps=rounds * steps, pct_start=0.2)
    mean = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.995), use_buffers=True)
    weight = torch.tensor([len(films.y) / (2 * (films.y == label).sum()) for label in (0, 1)]).float()
    for turn in range(rounds):
        total = 0.0
        network.train()
        order = dice.permutation(len(films.y))[: steps * SIZE].reshape(steps, SIZE)
        for rows in order:
            x, y = batch(films.pixels[rows], films.y[rows], dice)
            other, share = torch.from_numpy(dice.permutation(SIZE)), float(dice.beta(MIX, MIX))
            x, y = share * x + (1 - share) * x[other], share * y + (1 - share) * y[other]
            y = y * (1 - SMOOTH) + SMOOTH / 2
            with torch.autocast("cpu", torch.bfloat16):  # two and a half times as fast, and as good here
                said = log_odds(network, x.contiguous(memory_format=torch.channels_last))
            each = functional.binary_cross_entropy_with_logits(said.float(), y, reduction="none")
            loss = (each * (weight[0] * (1 - y) + weight[1] * y)).mean()
            rule.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            rule.step()
            pace.step()
            mean.update_parameters(network)
            total += float(loss.detach())
        tick(turn, total / steps)
    averaged: Network = mean.module
    averaged.eval()
    return averaged


@torch.inference_mode()
def scores(network: nn.Module, canvases: NDArray[np.float32]) -> NDArray[np.float64]:
    """Log-odds of films as they come, (film, SIDE, SIDE) from 0 to 1; both sides averaged as in use."""
    parts = []
    for start in range(0, len(canvases), 128):
        x = seen(torch.from_numpy(canvases[start : start + 128]).float()[:, None])
        parts.append((log_odds(network, x) + log_odds(network, x.flip(3))) / 2)
    return np.asarray(torch.cat(parts).numpy(), np.float64)
