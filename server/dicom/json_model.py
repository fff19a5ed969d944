"""What archives answer in the DICOM JSON Model (PS3.18 annex F), read whatever they send; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

MEDIA_TYPE: Final = "application/dicom+json"


def objects(body: bytes) -> list[dict[str, Any]] | None:
    """One object, or several; None when it is no JSON, or nested deeper than is read."""
    try:
        read = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    return [each for each in (read if isinstance(read, list) else [read]) if isinstance(each, dict)]


def values(item: Mapping[str, Any], tag: str) -> list[Any]:
    """What an attribute holds (F.2.2); nothing where it is not there, or something else."""
    element = item.get(tag)
    found = element.get("Value") if isinstance(element, dict) else None
    return found if isinstance(found, list) else []


def text(item: Mapping[str, Any], tag: str) -> str:
    """Texts and numbers, as they would stand in an object (PS3.5 section 6.4)."""
    plain = (each for each in values(item, tag) if isinstance(each, (str, int)))
    return "\\".join(str(each).strip() for each in plain)
