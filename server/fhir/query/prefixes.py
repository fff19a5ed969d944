"""``ge2026-01-01``: how a value compares stands before it (R4 search.html#prefix)."""

from __future__ import annotations

from server.query import Prefix

_PREFIXES = {each.value: each for each in Prefix}


def prefixed(text: str) -> tuple[Prefix, str]:
    """The prefix and the rest; without one the value must be equal."""
    prefix = _PREFIXES.get(text[:2])
    return (Prefix.EQ, text) if prefix is None else (prefix, text[2:])
