"""The constraints that R4 declares, each at its element; read from ``constraints.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec


@dataclass(frozen=True, slots=True)
class Constraint:
    """One ElementDefinition.constraint."""

    key: str
    severity: Literal["error", "warning"]
    human: str
    expression: str
    """FHIRPath, true where the rule is kept; asked about each element at the path."""


@dataclass(frozen=True)
class _File:
    source: str
    constraints: dict[str, tuple[Constraint, ...]]


CONSTRAINTS: Mapping[str, tuple[Constraint, ...]] = msgspec.json.decode(
    Path(__file__).with_name("constraints.json").read_bytes(), type=_File
).constraints
"""Path -> constraints. Those of DomainResource, Element and Extension hold wherever these are."""
