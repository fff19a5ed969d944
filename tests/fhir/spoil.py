"""Small changes to one object that leave it well formed: what rules must tell apart."""

from __future__ import annotations

import copy
import random
import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from server.fhir.bindings import SHAPES, Element
from tests.fhir.samples import occurrences

_WORDS = re.compile(r"\w+")
_LITERALS = re.compile(r"'([^']*)'")
UCUM = "http://unitsofmeasure.org"
# Moments are all of one precision: where it differs FHIRPath leaves the order open, fhirpathpy does not.
PLAIN: dict[str, tuple[Any, ...]] = {
    "base64Binary": ("YQ==",),
    "boolean": (True, False),
    "integer": (0, 1, 2, -1),
    "positiveInt": (1, 2),
    "unsignedInt": (0, 1),
    "decimal": (0, 1, -1, 100, 101),
    "date": ("2024-01-01", "2024-01-02"),
    "dateTime": ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00+01:00", "2024-01-02T10:00:00Z"),
    "instant": ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00+01:00"),
    "time": ("10:00:00",),
    "uri": (UCUM, "http://e.example"),
}
NEW = {"extension": [{"url": "http://e.example/x", "valueBoolean": True}]}
"""What can stand for any element."""
Seen = dict[str, list[Any]]


class Spoiler:
    """Changes drawn from what resources hold and what an expression speaks of."""

    def __init__(self, far: Seen, seed: str) -> None:
        self._chance = random.Random(seed)
        self._far = far

    def spoilt(self, value: dict[str, Any], kind: str, expression: str) -> dict[str, Any]:
        """A copy of ``value`` with one to three changes at elements that ``expression`` names."""
        changed = copy.deepcopy(value)
        near: Seen = defaultdict(list)
        _see(value, kind, near)
        for _ in range(self._chance.randint(1, 3)):
            self._change(changed, kind, expression, near)
        return changed

    def _change(self, value: dict[str, Any], kind: str, expression: str, near: Seen) -> None:
        spoken = set(_WORDS.findall(expression))
        shape = SHAPES[kind].elements
        names = [name for name, element in shape.items() if element.label in spoken or name in spoken]
        if not names:
            return
        name = self._chance.choice(names)
        element, here = shape[name], value.get(name)
        inner = self._chance.choice(here) if isinstance(here, list) else here
        if element.type in SHAPES and isinstance(inner, dict) and self._chance.random() < 0.6:
            self._change(inner, element.type, expression, near)
        elif here is not None and not element.required and self._chance.random() < 0.4:
            del value[name]
        elif pool := self._pool(element, expression, near):
            drawn = copy.deepcopy(self._chance.choice(pool))
            for other in SHAPES[kind].choices.get(element.label, ()):
                value.pop(other, None)
            value[name] = [drawn] if element.many else drawn

    def _pool(self, element: Element, expression: str, near: Seen) -> list[Any]:
        literals = _LITERALS.findall(expression)
        if element.type == "Coding" and len(literals) > 1:
            return [{"system": system, "code": code} for system, code in pairwise(literals)]
        if element.codes is not None:
            return [*sorted(element.codes), *(each for each in literals if each in element.codes)]
        if element.type in ("code", "string", "uri"):
            return [*literals, *PLAIN["uri"]]
        nearby = near.get(element.type, [])
        return list(PLAIN.get(element.type, ())) or (
            nearby if nearby and self._chance.random() < 0.5 else self._far[element.type] or [NEW]
        )


def seen(resources: Iterable[dict[str, Any]]) -> Seen:
    """All objects of ``resources`` by their type."""
    found: Seen = defaultdict(list)
    for resource in resources:
        _see(resource, resource["resourceType"], found)
    return found


def _see(value: dict[str, Any], kind: str, into: Seen) -> None:
    for name, each, _ in occurrences(value, kind, value):
        into[name].append(each)
