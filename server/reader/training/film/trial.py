"""Short trials of recipes: each fits one network without one series of normal films, and is measured on it.

The normal films of the published training part come in two series, by name IM and NORMAL2-IM. A network that
never saw the first is to tell its films from ill ones. (What came of it: no harder than the series it saw.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from server.reader.training.figures import auroc
from server.reader.training.film.elsewhere import Hard, by_kind, hard
from server.reader.training.film.films import Films
from server.reader.training.film.fit import Stage, scores, trained
from server.reader.training.film.network import COARSE, Network

LEFT_OUT = "IM"
ROUNDS = 4
_PLAIN = Stage(COARSE, ROUNDS, rate=3e-3, mix=0.0, smooth=0.04, memory=0.98)
RECIPES = {
    "plain": _PLAIN,
    "surroundings": replace(_PLAIN, local=True),
    "style": replace(_PLAIN, style=0.4),
    "style, shape": replace(_PLAIN, style=0.4, wide=0.08),
    "surroundings, style, shape": replace(_PLAIN, local=True, style=0.4, wide=0.08),
}


@dataclass(frozen=True, slots=True)
class Tried:
    """How a recipe did on films that it was not fitted on."""

    hard: Hard
    left_out: float
    """Normal films of the series that it never saw against the ill ones of validation."""
    kept: float
    """The normal films of validation that are of the other series, against the same."""

    def __str__(self) -> str:
        return f"{self.hard}  series left out {self.left_out:.4f}, the other {self.kept:.4f}"


def trial(recipe: Stage, learned: Films, chosen_with: Films, tick: Callable[[], None]) -> Tried:
    """Fits and measures one."""
    torch.manual_seed(1)
    out, out_too = _left_out(learned), _left_out(chosen_with)
    network = trained(
        Network(COARSE), learned.where(~out), recipe, np.random.default_rng(1), lambda _, __: tick()
    )
    odds = by_kind([network], chosen_with)
    plain, ill = odds["as it is"], chosen_with.y == 1
    never = np.concatenate([scores(network, learned.pixels[out].astype(np.float32) / 255), plain[out_too]])
    return Tried(
        hard(odds, chosen_with.y), _apart(never, plain[ill]), _apart(plain[~ill & ~out_too], plain[ill])
    )


def _left_out(films: Films) -> np.ndarray:
    return np.array([each == LEFT_OUT for each in films.series])


def _apart(well: np.ndarray, ill: np.ndarray) -> float:
    return auroc(np.concatenate([well, ill]), np.repeat([0, 1], [len(well), len(ill)]))
