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


class Served(nn.Module):
    """Canvas (film, SIDE, SIDE), 0 to 1 -> log-odds, their map, and the gate's score.

    The log-odds are the mean over networks and over the film and its mirror image, and so is the map.
    """

    def __init__(self, networks: Sequence[Network], gate: Gate) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.gate = gate

    def forward(self, canvas: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = seen(canvas[:, None])
        maps = [each(x) for each in self.networks] + [each(x.flip(3)).flip(2) for each in self.networks]
        cells = torch.stack(maps).mean(dim=0)
        return cells.mean(dim=(1, 2)), cells, self.gate(canvas)


def export(networks: Sequence[Network], gate: Gate, path: Path) -> str:
    """Write the file; its SHA-256. Half precision for the weights on disk is not used: 5 MB are few."""
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
