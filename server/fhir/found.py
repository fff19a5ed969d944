"""What was found, in words that quote no value: its kind, how many, how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.fhir.bindings import Shape


def kind(value: Any) -> str:
    """What ``value`` is."""
    if isinstance(value, dict):
        return f"an object of {_many(len(value), 'element')}"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, str):
        return f"a string of {_many(len(value), 'character')}"
    if isinstance(value, bool):
        return "true or false"
    return "null" if value is None else "a number"


def elements(value: Mapping[str, Any], shape: Shape) -> str:
    """The elements of R4 that ``value`` holds, in their official order, arrays with their lengths."""
    names = [
        _counted(name, value.get(name)) for name in shape.elements if name in value or f"_{name}" in value
    ]
    return ", ".join(names) or "none of its elements"


def _counted(name: str, value: Any) -> str:
    return f"{name} ({len(value)})" if isinstance(value, list) else name


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
