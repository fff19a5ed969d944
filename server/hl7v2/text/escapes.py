"""Escape sequences (HL7 v2.8 section 2.7), decoded after the text was parted."""

from __future__ import annotations

import re
from functools import lru_cache

from server.hl7v2.text.delimiters import Delimiters

_SEQUENCE = (
    r"F|S|T|R|E|P|H|N|X[0-9A-Fa-f]+|[CM][0-9A-Fa-f]{4,6}"
    r"|\.br|\.ce|\.fi|\.nf|\.(?:sp|in|ti|sk) ?[+-]?\d{0,3}"
)
_MOST_SPACES = 20
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HIGH = {
    "2D41": "iso8859_1", "2D42": "iso8859_2", "2D43": "iso8859_3", "2D44": "iso8859_4",
    "2D4C": "iso8859_5", "2D47": "iso8859_6", "2D46": "iso8859_7", "2D48": "iso8859_8", "2D4D": "iso8859_9",
}  # fmt: skip
"""ISO 2022 designations of the upper halves (section 2.14.9.18.2), each with its codec."""


class Escapes:
    """The escapes of one message."""

    def __init__(self, delimiters: Delimiters, codec: str, *, switches: bool = True) -> None:
        """``switches``: what is sent in another set (C, M) is read in that; else it stands as it came."""
        self._switches = switches
        self._escape = delimiters.escape
        self._pattern = _pattern(delimiters.escape)
        self._codec = codec
        self._says = {
            "F": delimiters.field, "S": delimiters.component, "T": delimiters.sub,
            "R": delimiters.repetition, "E": delimiters.escape, "P": delimiters.truncation,
            "H": "", "N": "", ".br": "\n", ".ce": "\n", ".fi": "", ".nf": "",
        }  # fmt: skip
        self._known: dict[str, str] = {}
        self.broken = False
        """An escape was unfinished or unknown, and stands as it came."""
        self.control = False
        """Characters that no text has were left out."""

    def decode(self, value: str) -> str:
        """``value`` has the escape character in it."""
        parts = self._pattern.split(value)
        out = []
        for index, part in enumerate(parts):
            if index % 2 == 0:
                self.broken = self.broken or self._escape in part
                out.append(part)
            elif part[0] in "CM" and not self._switches:
                out.append(self._literal(part))
            elif part[0] in "CM":
                parts[index + 1] = self._switched(part, parts[index + 1])
            else:
                out.append(self._said(part))
        found = "".join(out)
        clean = _CONTROL.sub("", found)
        self.control = self.control or clean != found
        return clean

    def _said(self, sequence: str) -> str:
        if sequence in self._says:
            return self._says[sequence]
        if sequence not in self._known:
            self._known[sequence] = self._hexadecimal(sequence) if sequence[0] == "X" else _spaced(sequence)
        return self._known[sequence]

    def _hexadecimal(self, sequence: str) -> str:
        try:
            return bytes.fromhex(sequence[1:]).decode(self._codec)
        except ValueError:  # an odd number of digits, or no characters of the set
            return self._literal(sequence)

    def _switched(self, sequence: str, text: str) -> str:
        """What follows was sent in another set: back to its bytes, and read again."""
        code = sequence[1:].upper()
        try:
            sent = text.encode(self._codec)
            if code in _HIGH:
                return sent.decode(_HIGH[code])
            return (b"\x1b" + bytes.fromhex(code) + sent + b"\x1b(B").decode("iso2022_jp_ext")
        except (UnicodeError, ValueError):
            return self._literal(sequence) + text

    def _literal(self, sequence: str) -> str:
        self.broken = True
        return f"{self._escape}{sequence}{self._escape}"


def _spaced(sequence: str) -> str:
    """What moves within a text, with a count; indents say nothing here."""
    count = min(abs(int(sequence[3:].strip() or 1)), _MOST_SPACES)
    return {".sp": "\n", ".sk": " "}.get(sequence[:3], "") * count


@lru_cache(maxsize=64)
def _pattern(escape: str) -> re.Pattern[str]:
    return re.compile(f"{re.escape(escape)}({_SEQUENCE}){re.escape(escape)}")


def without_controls(text: str) -> str:
    """All but tab, CR and LF: FHIR strings and PostgreSQL have none of them either."""
    return _CONTROL.sub("", text)


def escape(value: str, delimiters: Delimiters) -> str:
    """A value as it may stand in a message."""
    if value.isalnum():
        return value
    named = {
        delimiters.escape: "E", delimiters.field: "F", delimiters.component: "S", delimiters.sub: "T",
        delimiters.repetition: "R", "\r": "X0D", "\n": ".br",
    }  # fmt: skip
    mark = delimiters.escape
    return "".join(f"{mark}{named[each]}{mark}" if each in named else each for each in value)
