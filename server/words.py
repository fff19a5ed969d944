"""What a person says of a decision and others will read; and the words of a person's name."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 500
# What FHIR strings may not hold (R4 datatypes.html#string; XML 1.0 section 2.2), and line breaks.
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def one_line(text: str) -> str:
    """``text`` without blanks around it.

    Raises:
        ValueError: it is not such a line; the message says what is, and quotes nothing.
    """
    line = text.strip(" ")
    if not line or len(line) > _LONGEST or _UNREADABLE.search(line):
        raise ValueError(f"must be one line of 1 to {_LONGEST} characters without control characters")
    return line


def name_words(text: str) -> frozenset[str]:
    """The words of a name, however it is put together: without case, accents, order and punctuation."""
    plain = "".join(
        each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each)
    )
    return frozenset(re.findall(r"[^\W_]+", plain))
