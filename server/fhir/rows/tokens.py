"""Values of token and uri parameters (R4 search.html#token, #uri), and of the token modifiers.

A value that has nothing to be found by keeps an empty row: it is there, and ``:missing`` must know.
"""

from __future__ import annotations

from typing import Any

from server.fhir.rows.tree import Emit, Found
from server.query import TextRow, TokenRow


def plain(param: str) -> Emit:
    """A code, id, string or uri: no system of its own."""
    return lambda value, found: found.rows.append(TokenRow(param, "", value, found.part))


def boolean(param: str) -> Emit:
    return lambda value, found: found.rows.append(TokenRow(param, "", str(value).lower(), found.part))


def canonical(param: str) -> Emit:
    """Found with its version and without (R4 references.html#canonical)."""

    def emit(value: str, found: Found) -> None:
        for each in versionless(value):
            found.rows.append(TokenRow(param, "", each, found.part))

    return emit


def versionless(value: str) -> tuple[str, ...]:
    url, bar, _ = value.partition("|")
    return (value, url) if bar and url else (value,)


def source(param: str) -> Emit:
    """``_source``: found with its fragment and without (R4 resource.html#Meta)."""

    def emit(value: str, found: Found) -> None:
        found.rows.append(TokenRow(param, "", value, found.part))
        address, mark, _ = value.partition("#")
        if mark and address:
            found.rows.append(TokenRow(param, "", address, found.part))

    return emit


def coding(param: str) -> Emit:
    text_param = f"{param}:text"

    def emit(value: dict[str, Any], found: Found) -> None:
        found.rows.append(TokenRow(param, value.get("system", ""), value.get("code", ""), found.part))
        if not found.part and "display" in value:
            found.rows.append(TextRow(text_param, value["display"]))

    return emit


def concept(param: str) -> Emit:
    one, text_param = coding(param), f"{param}:text"

    def emit(value: dict[str, Any], found: Found) -> None:
        for each in value.get("coding", ({},)):
            one(each, found)
        if not found.part and "text" in value:
            found.rows.append(TextRow(text_param, value["text"]))

    return emit


def identifier(param: str) -> Emit:
    text_param, typed_param = f"{param}:text", f"{param}:of-type"

    def emit(value: dict[str, Any], found: Found) -> None:
        code = value.get("value", "")
        found.rows.append(TokenRow(param, value.get("system", ""), code, found.part))
        kind = value.get("type")
        if kind is None or found.part:
            return
        if "text" in kind:
            found.rows.append(TextRow(text_param, kind["text"]))
        for each in kind.get("coding", ()) if code else ():
            if "code" in each:
                typed = f"{each.get('system', '')}|{each['code']}"
                found.rows.append(TokenRow(typed_param, typed, code))

    return emit


def contact(param: str) -> Emit:
    """A telephone number or address; R4 names no system for it."""
    return lambda value, found: found.rows.append(TokenRow(param, "", value.get("value", ""), found.part))
