"""The official R4 examples of the types that are described here, where they can be had."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from server.errors import Fault
from server.fhir.definitions.types import TYPES
from server.fhir.parse import BUNDLE_BYTES, parse

_ROOT = Path(__file__).resolve().parents[3]
_FOLDERS = (
    _ROOT.parent / "shared/data/fhir-r4-examples",
    _ROOT / "var/hl7.fhir.r4.examples-4.0.1/package",
)
FOLDER = next((each for each in _FOLDERS if each.is_dir()), None)
needed = pytest.mark.skipif(
    FOLDER is None, reason="the official R4 examples are neither at ../shared/data nor, unpacked, in var/"
)
_MOST, _LARGEST = 100, 60_000
"""Files of one type, bytes of one: hundreds of StructureDefinitions and a few giants teach nothing more."""


@cache
def examples(type_: str) -> tuple[dict[str, Any], ...]:
    return tuple(_read(type_))


def _read(type_: str) -> Iterator[dict[str, Any]]:
    assert FOLDER is not None
    small = (each for each in FOLDER.rglob(f"{type_}-*.json") if each.stat().st_size <= _LARGEST)
    for path in sorted(small)[:_MOST]:
        try:
            resource = parse(path.read_bytes(), limit=BUNDLE_BYTES)
        except Fault:  # a few hold what we refuse to read
            continue
        if resource.get("resourceType") == type_:
            yield resource


def every() -> Iterator[dict[str, Any]]:
    for type_ in TYPES:
        yield from examples(type_)
