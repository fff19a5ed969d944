"""From fitted networks to the one ONNX file that is served."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from server.reader.film.canvas import SIDE
from server.reader.training.film.gate import Gate
from server.reader.training.film.network import Network, seen

OPSET = 17
CELLS = 18
"""Side of the map that is served: the least that both kinds of networks' maps fit into."""


class Served(nn.Module):
    """Canvas (film, SIDE, SIDE), 0 to 1 -> log-odds, their map, and the gate's score.

    The log-odds are the mean over networks and over the film and its mirror image, and so is the map.
    """

    def __init__(self, networks: Sequence[Network], gate: Gate) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.gate = gate

    def forward(self, canvas: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        cells = torch.stack([each for network in self.networks for each in _maps(network, canvas)]).mean(
            dim=0
        )
        return cells.mean(dim=(1, 2)), cells, self.gate(canvas)


def _maps(network: nn.Module, canvas: Tensor) -> tuple[Tensor, Tensor]:
    """Of the film and of its mirror image, each cell repeated until all maps are alike: no mean changes."""
    x = seen(canvas[:, None], network.side)
    times = CELLS * 16 // network.side
    maps = (network(x), network(x.flip(3)).flip(2))
    return tuple(each.repeat_interleave(times, 1).repeat_interleave(times, 2) for each in maps)


def export(networks: Sequence[Network], gate: Gate, path: Path) -> str:
    """Write the file; its SHA-256."""
    served = Served(networks, gate).eval().to(memory_format=torch.contiguous_format)
    names = ["log_odds", "cells", "scope"]
    torch.onnx.export(
        served,
        (torch.zeros(1, SIDE, SIDE),),
        path,
        input_names=["canvas"],
        output_names=names,
        dynamic_axes={name: {0: "film"} for name in ["canvas", *names]},
        opset_version=OPSET,
        dynamo=False,
    )
    onnx.checker.check_model(str(path), full_check=True)
    return hashlib.sha256(path.read_bytes()).hexdigest()
