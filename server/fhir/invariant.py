"""What an invariant is: a key, a test and a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from server.errors import Category

Value = Mapping[str, Any]
Breaks = Callable[[Value], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """``breaks`` gives the FHIRPath of each place that breaks the rule, below the value asked about."""

    key: str
    breaks: Breaks
    text: str
    code: str = "invariant"
    category: Category = Category.UNPROCESSABLE


def where(test: Callable[[Value], bool], place: str = "") -> Breaks:
    """A rule broken at ``place`` when ``test`` holds."""
    return lambda value: (place,) if test(value) else ()


def has(value: Value, name: str) -> bool:
    """FHIRPath ``exists()``: a primitive may be there with extensions only."""
    return name in value or f"_{name}" in value


def has_choice(value: Value, name: str) -> bool:
    """``exists()`` of ``name[x]``."""
    return any(key.lstrip("_").startswith(name) for key in value)


def needs(name: str, *others: str) -> Breaks:
    """Where there is ``name``, one of ``others`` must be; broken at the first of them."""
    return where(lambda value: has(value, name) and not any(has(value, other) for other in others), others[0])


def one_of(*names: str) -> Breaks:
    """At least one of ``names`` must be there."""
    return where(lambda value: not any(has(value, name) for name in names))


def just_one_of(*names: str) -> Breaks:
    """Exactly one of ``names`` must be there."""
    return where(lambda value: sum(has(value, name) for name in names) != 1)


def not_both(name: str, other: str) -> Breaks:
    """``other`` must not stand beside ``name``."""
    return where(lambda value: has(value, name) and has(value, other), other)


def coded(concept: Value, system: str, codes: frozenset[str]) -> bool:
    """Whether a CodeableConcept holds one of ``codes`` of ``system``."""
    return any(
        coding.get("system") == system and coding.get("code") in codes for coding in concept.get("coding", ())
    )
