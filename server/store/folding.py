"""How strings are compared without case and accents (R4 search.html#string); long values in keys."""

from __future__ import annotations

import hashlib
import unicodedata

FOLDED = 256
"""So many characters of a string are searched; a longer one is found by its beginning."""
_KEY = 512
"""Bytes: PostgreSQL takes 2,704 bytes of a row into an index, SQLite any number."""
_GAPS = str.maketrans(dict.fromkeys("\t\r\n", " "))


def fold(text: str) -> str:
    """Lower case, without accents, runs of blanks as one; NUL cannot occur in FHIR strings."""
    plain = unicodedata.normalize("NFKD", text.casefold()).casefold()  # some letters are capitals only then
    bare = "".join(each for each in plain if not unicodedata.combining(each))
    return " ".join(bare.translate(_GAPS).split())[:FOLDED]


def short(value: str) -> str:
    """A value as it stands in a key: a longer one by its beginning and its digest."""
    if len(value) * 4 <= _KEY or len(content := value.encode()) <= _KEY:
        return value
    return f"{content[: _KEY - 65].decode(errors='ignore')}#{hashlib.sha256(content).hexdigest()}"
