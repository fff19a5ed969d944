"""Names that sound alike (R4's ``phonetic`` parameters): American Soundex of each word, NARA's rules.

A word in other letters than Latin is its own key: found as it is written, not by sound.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from server.fhir.rows.tree import Emit, Found
from server.query import TextRow

_WORD = re.compile(r"[^\W\d_]+")
_DIGITS = {
    **dict.fromkeys("bfpv", "1"),
    **dict.fromkeys("cgjkqsxz", "2"),
    **dict.fromkeys("dt", "3"),
    "l": "4",
    **dict.fromkeys("mn", "5"),
    "r": "6",
}
_SILENT = frozenset("hw")
_WITHIN = frozenset("'\N{RIGHT SINGLE QUOTATION MARK}")
"""Stand within a name, where a hyphen stands between two."""


def keys(text: str) -> tuple[str, ...]:
    """One key for each word of ``text``."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(sign for sign in plain if not (unicodedata.combining(sign) or sign in _WITHIN))
    return tuple(_soundex(word) for word in _WORD.findall(letters))


def _soundex(word: str) -> str:
    if not word.isascii():
        return word
    digits, before = [], _DIGITS.get(word[0])
    for letter in word[1:]:
        digit = _DIGITS.get(letter)
        if digit is not None and digit != before:
            digits.append(digit)
        if letter not in _SILENT:
            before = digit
    return word[0].upper() + "".join(digits)[:3].ljust(3, "0")


def text(param: str) -> Emit:
    return lambda value, found: _add(param, value, found)


def name(param: str) -> Emit:
    """Of a person: what the family is called, and the given names."""

    def emit(value: dict[str, Any], found: Found) -> None:
        for part in (value.get("family"), *value.get("given", ())):
            if part is not None:
                _add(param, part, found)

    return emit


def _add(param: str, value: str, found: Found) -> None:
    found.rows.extend(TextRow(param, key, found.part) for key in keys(value))
