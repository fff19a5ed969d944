"""Values of string parameters (R4 search.html#string): each part of a name or address by itself."""

from __future__ import annotations

from typing import Any

from server.fhir.rows.tree import Emit, Found
from server.query import TextRow

_NAME = ("text", "family", "given", "prefix", "suffix")
_ADDRESS = ("text", "line", "city", "district", "state", "postalCode", "country")


def plain(param: str) -> Emit:
    return lambda value, found: found.rows.append(TextRow(param, value, found.part))


def name(param: str) -> Emit:
    return _parts(param, _NAME)


def address(param: str) -> Emit:
    return _parts(param, _ADDRESS)


def _parts(param: str, elements: tuple[str, ...]) -> Emit:
    def emit(value: dict[str, Any], found: Found) -> None:
        for element in elements:
            part = value.get(element)
            for each in part if type(part) is list else (part,):
                if each is not None:
                    found.rows.append(TextRow(param, each, found.part))

    return emit
