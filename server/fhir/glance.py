"""What the walk sees at a glance: of each type, what nearly every value of it is.

A value that is right needs no place and no words; one that is not is looked at again, with both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from server.fhir.bindings import SHAPES, Element, Shape
from server.fhir.primitives import FORMS, URIS

_Names = tuple[tuple[str, frozenset[str]], ...]
"""FHIRPath name, and all names in JSON that give it, with and without a value."""


@dataclass(frozen=True, slots=True)
class Glance:
    """One type."""

    primitives: Mapping[str, tuple[tuple[type, ...], Callable[[Any], bool]]]
    """Of each primitive that does not repeat: which JSON value it is, and when it is right."""
    required: _Names
    """One of the names must be there."""
    choices: _Names
    """At most one may be there."""


def _glance(shape: Shape) -> Glance:
    return Glance(
        primitives={
            name: (FORMS[element.type].kinds, _right(element))
            for name, element in shape.elements.items()
            if element.type in FORMS and not element.many
        },
        required=_spelled(shape.required),
        choices=_spelled(shape.choices),
    )


def _spelled(groups: Mapping[str, tuple[str, ...]]) -> _Names:
    return tuple(
        (label, frozenset(names) | {f"_{name}" for name in names}) for label, names in groups.items()
    )


def _right(element: Element) -> Callable[[Any], bool]:
    holds = FORMS[element.type].holds
    if element.codes is not None:
        return element.codes.__contains__
    if element.type in URIS:  # one that points inside is noted by the walk
        return lambda value: value[:1] != "#" and holds(value)
    return holds


GLANCES: Mapping[str, Glance] = {name: _glance(shape) for name, shape in SHAPES.items()}
