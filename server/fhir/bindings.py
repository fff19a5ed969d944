"""The types this door takes and keeps, and what R4 says of their elements."""

from __future__ import annotations

from server.fhir.definitions.elements import CODES, RESOURCES, SHAPES, Element, Shape
from server.fhir.definitions.types import TYPES, Use

__all__ = [
    "CODES", "GUARDED", "KEPT", "PUBLISHED", "READABLE", "RESOURCES", "SERVED", "SHAPES", "WRITTEN",
    "Element", "Shape",
]  # fmt: skip

SERVED: tuple[str, ...] = tuple(
    name for name, use in TYPES.items() if use not in (Use.DESCRIBED, Use.PUBLISHED)
)
"""Resource types this door takes."""
GUARDED: frozenset[str] = frozenset(name for name, use in TYPES.items() if use is Use.GUARDED)
"""Of these, the types whose updates need If-Match."""
WRITTEN: tuple[str, ...] = tuple(name for name, use in TYPES.items() if use in (Use.GUARDED, Use.WRITTEN))
"""The types that may be written from outside."""
KEPT: tuple[str, ...] = tuple(
    name for name, use in TYPES.items() if use in (Use.GUARDED, Use.WRITTEN, Use.READ)
)
"""The types that are read and searched here: a local reference must lead to one of them."""
PUBLISHED: tuple[str, ...] = tuple(name for name, use in TYPES.items() if use is Use.PUBLISHED)
"""The types in which this door tells of itself."""
READABLE: tuple[str, ...] = tuple(sorted((*KEPT, *PUBLISHED)))
"""The types that are read and searched here."""
