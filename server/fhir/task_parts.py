"""Parts of a Task by our codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.model import Coding
from server.ports import Resource


def inputs(task: Resource, kind: Coding) -> list[dict[str, Any]]:
    """Task.input entries of one of our types."""
    return [each for each in task.get("input", []) if coded(each.get("type", {}), kind)]


def coded(concept: Mapping[str, Any], code: Coding) -> bool:
    """Whether a CodeableConcept says this code."""
    return any(
        coding.get("system") == code.system and coding.get("code") == code.code
        for coding in concept.get("coding", [])
    )
