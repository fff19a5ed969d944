"""What an invariant is: a key, a test and a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from server.errors import Category

Value = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """``breaks`` gives the FHIRPath of each place that breaks the rule, below the value asked about."""

    key: str
    breaks: Callable[[Value], Iterable[str]]
    text: str
    code: str = "invariant"
    category: Category = Category.UNPROCESSABLE


def where(test: Callable[[Value], bool], place: str = "") -> Callable[[Value], Iterable[str]]:
    """A rule broken at ``place`` when ``test`` holds."""
    return lambda value: (place,) if test(value) else ()


def has(value: Value, name: str) -> bool:
    """FHIRPath ``exists()``: a primitive may be there with extensions only."""
    return name in value or f"_{name}" in value
