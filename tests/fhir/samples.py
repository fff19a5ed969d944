"""Resources to test on: examples of our own, one for each type, and the official ones where they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from server.fhir.bindings import SERVED, SHAPES
from server.fhir.parse import BUNDLE_BYTES, parse

OWN = Path(__file__).with_name("examples")
SHARED = Path(__file__).resolve().parents[3] / "shared/data"
OFFICIAL = SHARED / "fhir-r4-examples"
NO_OFFICIAL = "the official R4 examples are not at ../shared/data"


def read(path: Path) -> dict[str, Any]:
    return parse(path.read_bytes(), limit=BUNDLE_BYTES)


def own() -> list[Path]:
    return sorted(OWN.glob("*.json"))


def official(*types: str) -> list[Path]:
    return [path for kind in types or SERVED for path in sorted((OFFICIAL / kind).glob("*.json"))]


def occurrences(value: dict[str, Any], kind: str, resource: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Each object in ``value`` with its type (a key of SHAPES) and the resource that it is of."""
    yield kind, value, resource
    for name, child in value.items():
        element = SHAPES[kind].elements.get(name)
        if element is None or element.type[0].islower():
            continue
        for one in child if isinstance(child, list) else [child]:
            if element.type != "Resource":
                yield from occurrences(one, element.type, resource)
            elif one["resourceType"] in SHAPES:
                yield from occurrences(one, one["resourceType"], one)
