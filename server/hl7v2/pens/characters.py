"""Character sets of MSH-18 (table 0211), and what becomes of a sign that one of them lacks."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from server.hl7v2.text import charsets

UNSAYABLE: Final = "?"


def declared(character_set: str) -> str:
    """MSH-18; empty means ASCII."""
    return "" if character_set == "ASCII" else character_set


def encoded(message: str, character_set: str) -> bytes:
    """A sign that the set lacks is written without its marks (e for é), else as a question mark.

    A result is not kept back for a letter in a name: who it is about is told by identifiers.
    """
    codec = _codec(character_set)
    whole = unicodedata.normalize("NFC", message)
    try:
        return whole.encode(codec)
    except UnicodeEncodeError:
        return "".join(_sayable(sign, codec) for sign in whole).encode(codec)


def decoded(message: bytes) -> str:
    """One that we wrote: MSH-18 says how."""
    first = message.split(b"\r", 1)[0].decode("ascii", "replace")
    return message.decode(_codec(said_set(first.split("|"))))


def said_set(header: Sequence[str]) -> str:
    """The character set that the fields of an MSH of ours name."""
    return (header[17] if len(header) > 17 else "") or "ASCII"


def _codec(character_set: str) -> str:
    return charsets.codec((character_set,), strict=True)[0]


def _sayable(sign: str, codec: str) -> str:
    for written in (sign, "".join(each for each in unicodedata.normalize("NFKD", sign) if each.isascii())):
        try:
            written.encode(codec)
        except UnicodeEncodeError:
            continue
        if written:
            return written
    return UNSAYABLE
