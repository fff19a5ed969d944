"""The network: a small residual one whose last map, averaged, is the log-odds.

Because the classifier is linear and comes before the average, each cell of the map states its own share of
the log-odds (class activation, Zhou 2016): the attribution adds up to the answer exactly.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from server.reader.film.canvas import RIM, SIDE

COARSE, FINE = 96, 144
"""Sides at which networks see what is left of the canvas without its rim."""
WIDTHS = (20, 40, 72, 120)


class Block(nn.Module):
    """Two convolutions and a shortcut (He 2016)."""

    def __init__(self, narrow: int, wide: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(narrow, wide, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(wide)
        self.second = nn.Conv2d(wide, wide, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(wide)
        self.short = (
            nn.Identity()
            if stride == 1 and narrow == wide
            else nn.Sequential(
                nn.AvgPool2d(stride, stride), nn.Conv2d(narrow, wide, 1, bias=False), nn.BatchNorm2d(wide)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        inner = functional.relu(self.first_norm(self.first(x)))
        return functional.relu(self.second_norm(self.second(inner)) + self.short(x))


class Network(nn.Module):
    """(film, 1, side, side), each of mean 0 and deviation 1 -> map of log-odds, a sixteenth as wide."""

    def __init__(self, side: int, *, local: bool = False) -> None:
        """``local``: it sees each place against its surroundings only, see ``against_surroundings``."""
        super().__init__()
        self.side, self.local = side, local
        a, b, c, d = WIDTHS
        self.body = nn.Sequential(
            nn.Conv2d(1, a, 5, 2, 2, bias=False),
            nn.BatchNorm2d(a),
            nn.ReLU(),
            Block(a, b, 2),
            Block(b, c, 2),
            Block(c, c, 1),
            Block(c, d, 2),
            Block(d, d, 1),
        )
        self.drop = nn.Dropout2d(0.2)
        self.head = nn.Conv2d(d, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        if self.local:
            x = against_surroundings(x, self.side // 8)
        return self.head(self.drop(self.body(x)))[:, 0]


def seen(canvas: Tensor, side: int) -> Tensor:
    """(film, 1, SIDE, SIDE), 0 to 1 -> what a network of that side sees of it."""
    inner = canvas[:, :, RIM : SIDE - RIM, RIM : SIDE - RIM]
    if side == COARSE:
        return even(functional.avg_pool2d(inner, 2))
    return even(functional.interpolate(inner, size=(side, side), mode="bilinear", align_corners=False))


def even(x: Tensor) -> Tensor:
    """Mean 0, deviation 1: what window and exposure did to brightness and contrast is taken out."""
    mean = x.mean(dim=(2, 3), keepdim=True)
    spread = ((x - mean) ** 2).mean(dim=(2, 3), keepdim=True).sqrt()
    return (x - mean) / (spread + 1e-3)


def against_surroundings(x: Tensor, reach: int) -> Tensor:
    """Each place's grey against mean and spread of what lies around it, ``reach`` pixels each way: how
    bright a film is from place to place says how it was exposed, and in these data tells the label.
    """
    apart = x - _around(x, reach)
    return apart / (_around(apart**2, reach) + 0.04).sqrt()


def _around(x: Tensor, reach: int) -> Tensor:
    wide = functional.avg_pool2d(x, (1, 2 * reach + 1), 1, (0, reach), count_include_pad=False)
    return functional.avg_pool2d(wide, (2 * reach + 1, 1), 1, (reach, 0), count_include_pad=False)


def log_odds(network: nn.Module, x: Tensor) -> Tensor:
    """One number for each film."""
    answer: Tensor = network(x).mean(dim=(1, 2))
    return answer
