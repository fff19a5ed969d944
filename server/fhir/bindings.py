"""The types this door takes and keeps, and what R4 says of their elements."""

from __future__ import annotations

from server.fhir.definitions.elements import CODES, RESOURCES, SHAPES, Element, Shape
from server.fhir.definitions.types import TYPES, Use

__all__ = ["CODES", "KEPT", "RESOURCES", "SERVED", "SHAPES", "Element", "Shape"]

SERVED: tuple[str, ...] = tuple(name for name, use in TYPES.items() if use is not Use.DESCRIBED)
"""Resource types this door takes."""
KEPT: frozenset[str] = frozenset(name for name, use in TYPES.items() if use is Use.KEPT)
"""Of these, the types that it keeps: a local reference must lead to one of them."""
