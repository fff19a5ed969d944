"""MSH-18: how bytes become characters (table 0211; HL7 v2.8 section 2.14.9.18)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from server.hl7v2.refusal import Code, Place, rejected

_MOST_MARKS = 30
_PLACE = Place("MSH", field=18)
_CODECS = {
    "": "ascii",
    "ASCII": "ascii",
    "ISO IR6": "ascii",
    **{f"8859/{each}": f"iso8859_{each}" for each in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    "UNICODE UTF-8": "utf_8",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
    "ISO IR14": "iso2022_jp_ext",
    "ISO IR87": "iso2022_jp_ext",
    "ISO IR159": "iso2022_jp_ext",
    "WINDOWS-1252": "cp1252",
}
"""The last is no code of the table; it stands for a link that is known to send it."""
_OTHERWISE = {
    "UTF-8": "UNICODE UTF-8",
    "UTF8": "UNICODE UTF-8",
    "UNICODE": "UNICODE UTF-8",
    "ISO IR 6": "ASCII",
    "US-ASCII": "ASCII",
    **{
        form.format(each): f"8859/{each}"
        for form in ("ISO-8859-{}", "ISO_8859-{}", "8859-{}", "ISO8859-{}", "ISO 8859/{}", "ISO8859/{}")
        for each in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)
    },
    "GB18030": "GB 18030-2000",
    "BIG5": "BIG-5",
    "ISO IR 87": "ISO IR87",
    "ISO IR 159": "ISO IR159",
}
"""As interfaces write them, and what the table calls it."""
NAMES = tuple(sorted(name for name in _CODECS if name))


def codec(names: tuple[str, ...], strict: bool) -> tuple[str, bool]:
    """Of the sets of MSH-18 in their order; and whether a name of it is not the table's.

    The Japanese sets are told apart within the text by the escapes of ISO 2022, so that one codec reads
    them all, and ASCII.
    """
    lenient = False
    found = []
    for name in names:
        written = name.strip().upper()
        if written not in _CODECS and not strict and written in _OTHERWISE:
            written, lenient = _OTHERWISE[written], True
        if written not in _CODECS:
            raise rejected(Code.TABLE, "character-set", f"MSH-18 must be one of: {', '.join(NAMES)}", _PLACE)
        found.append(_CODECS[written])
    several = set(found[:1] or ["ascii"]) | set(found[1:])
    if len(several - {"ascii"}) > 1:
        raise rejected(
            Code.TABLE, "character-set",
            "MSH-18 may repeat for ASCII and the Japanese sets of ISO 2022 only; send UNICODE UTF-8",
            _PLACE,
        )  # fmt: skip
    return next(iter(several - {"ascii"}), "ascii"), lenient


def decode(payload: bytes, name: str) -> str:
    """Every byte must be a character of the set; nothing is guessed and nothing replaced."""
    try:
        text = payload.decode(name)
    except UnicodeDecodeError:
        raise _undecodable() from None
    if name.startswith("iso8859") and not text.isascii() and any("\x80" <= each <= "\x9f" for each in text):
        raise _undecodable()
    return text


def composed(text: str) -> str:
    """NFC. Putting marks in order takes time by the square of their run, so that a run has an end (UAX #15
    section 13: 30).
    """
    if text.isascii():
        return text
    if _marks().search(text):
        raise rejected(
            Code.DATA_TYPE,
            "combining-marks",
            f"more than {_MOST_MARKS} combining marks in a row are not taken",
            _PLACE,
        )
    return unicodedata.normalize("NFC", text)


@lru_cache(maxsize=1)
def _marks() -> re.Pattern[str]:
    """A run that is too long. All that combine stand below U+1F000."""
    found = "".join(each for each in map(chr, range(0x300, 0x1F000)) if unicodedata.combining(each))
    return re.compile(f"[{found}]{{{_MOST_MARKS + 1}}}")


def _undecodable() -> Exception:
    return rejected(
        Code.DATA_TYPE,
        "undecodable",
        "there are bytes that are no characters of the set of MSH-18 (where it is empty, of the link); "
        "name the set that is sent, best UNICODE UTF-8",
        _PLACE,
    )
