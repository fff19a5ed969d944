"""Fits one network. Seeds are fixed; another processor or another torch may still move the last digits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from server.reader.training.film.augment import batch
from server.reader.training.film.films import Films
from server.reader.training.film.network import COARSE, FINE, Network, log_odds, seen

SIZE = 64
DECAY = 0.02

Tick = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stretch of training."""

    side: int
    rounds: int
    rate: float
    mix: float
    """Mixup (Zhang 2018): the beta distribution's parameter; nought is none."""
    smooth: float
    """How far the answers are drawn towards even."""
    local: bool = False
    """Each place is seen against its surroundings only."""
    style: float = 0.0
    """Share of films whose tone and texture are exchanged or filtered, see ``style``."""
    memory: float = 0.995
    """Of the running average of weights that is kept; a short stage must forget where it began."""
    wide: float = 0.0
    """How much more than usual size and shape vary, as a logarithm."""


STAGES = (
    Stage(COARSE, rounds=30, rate=3e-3, mix=0.2, smooth=0.04),
    Stage(FINE, rounds=5, rate=8e-4, mix=0.0, smooth=0.02),
    Stage(
        COARSE, rounds=6, rate=1.5e-3, mix=0.0, smooth=0.02, memory=0.985, local=True, style=0.4, wide=0.15
    ),
)


def stages(films: Films, seed: int, kept: Sequence[Network], tick: Tick) -> Iterator[Network]:
    """A network after each stage that is not among ``kept`` yet; each stage goes on from the one before.
    ``tick(round, loss)`` is called after each round.
    """
    torch.manual_seed(seed)
    last = kept[-1] if kept else Network(STAGES[0].side)
    for number, stage in enumerate(STAGES[len(kept) :], len(kept)):
        last = trained(last, films, stage, np.random.default_rng((seed, number)), tick)
        yield last


def restored(states: Sequence[Mapping[str, Tensor]]) -> list[Network]:
    """The networks of one seed as they were after its first stages."""
    networks = []
    for stage, state in zip(STAGES, states, strict=False):
        network = Network(stage.side, local=stage.local)
        network.load_state_dict(state)
        networks.append(network.eval())
    return networks


def trained(start: Network, films: Films, stage: Stage, dice: np.random.Generator, tick: Tick) -> Network:
    """Another network, after one stage, averaged over its last steps."""
    network = Network(stage.side, local=stage.local).to(memory_format=torch.channels_last)
    network.load_state_dict(start.state_dict())
    steps = len(films.y) // SIZE
    rule = torch.optim.AdamW(network.parameters(), lr=stage.rate, weight_decay=DECAY)
    pace = torch.optim.lr_scheduler.OneCycleLR(
        rule, stage.rate, total_steps=stage.rounds * steps, pct_start=0.2
    )
    mean = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(stage.memory), use_buffers=True)
    weight = torch.tensor([len(films.y) / (2 * (films.y == label).sum()) for label in (0, 1)]).float()
    for turn in range(stage.rounds):
        total = 0.0
        network.train()
        for rows in dice.permutation(len(films.y))[: steps * SIZE].reshape(steps, SIZE):
            x, y = _shown(films, rows, stage, dice)
            with torch.autocast("cpu", torch.bfloat16):  # two and a half times as fast, and as good here
                said = log_odds(network, x)
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


def _shown(
    films: Films, rows: NDArray[np.int64], stage: Stage, dice: np.random.Generator
) -> tuple[Tensor, Tensor]:
    x, y = batch(films.pixels[rows], films.y[rows], stage.side, dice, stage.style, stage.wide)
    if stage.mix:
        other, share = torch.from_numpy(dice.permutation(len(x))), float(dice.beta(stage.mix, stage.mix))
        x, y = share * x + (1 - share) * x[other], share * y + (1 - share) * y[other]
    return x.contiguous(memory_format=torch.channels_last), y * (1 - stage.smooth) + stage.smooth / 2


@torch.inference_mode()
def scores(network: Network, canvases: NDArray[np.float32]) -> NDArray[np.float64]:
    """Log-odds of films as they come, (film, SIDE, SIDE) from 0 to 1; both sides averaged as in use."""
    parts = []
    for start in range(0, len(canvases), 128):
        x = seen(torch.from_numpy(canvases[start : start + 128]).float()[:, None], network.side)
        parts.append((log_odds(network, x) + log_odds(network, x.flip(3))) / 2)
    return np.asarray(torch.cat(parts).float().numpy(), np.float64)
