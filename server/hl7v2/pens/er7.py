"""Writing ER7, the bars and carets (HL7 v2 section 2.6 and 2.7): values in, one segment out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from server.hl7v2.text.delimiters import Delimiters
from server.hl7v2.text.escapes import escape

CR = "\r"
"""Ends a segment; nothing else does (section 2.5.1)."""
SEPARATOR, ENCODING = "|", "^~\\&"
_OURS = Delimiters()


def text(value: str) -> str:
    """One value, escaped; control characters, which would end a segment or a frame, are blanks."""
    return escape("".join(sign if sign.isprintable() else " " for sign in value), _OURS)


def parts(*values: str) -> str:
    """Components, escaped."""
    return "^".join(map(text, values)).rstrip("^")


def subparts(*values: str) -> str:
    """The subcomponents of one component, escaped; to be put into ``joined``."""
    return "&".join(map(text, values)).rstrip("&")


def joined(*components: str) -> str:
    """Components that are written already."""
    return "^".join(components).rstrip("^")


def repeated(values: Iterable[str]) -> str:
    """Repetitions that are written already."""
    return "~".join(each for each in values if each)


def lines(value: str) -> str:
    """A text of several lines: TX repeats for each (section 2.A.79)."""
    return repeated(text(each.strip()) for each in value.splitlines())


def segment(name: str, fields: Mapping[int, str]) -> str:
    """By field number; what is empty at the end is left out."""
    last = max((number for number, value in fields.items() if value), default=0)
    return SEPARATOR.join([name, *(fields.get(number, "") for number in range(1, last + 1))])


def header(fields: Mapping[int, str]) -> str:
    """MSH, whose first field is the separator itself (section 2.14.9.1)."""
    return segment(
        "MSH", {number - 1: value for number, value in fields.items() if number > 1} | {1: ENCODING}
    )


def message(segments: Iterable[str]) -> str:
    return "".join(f"{each}{CR}" for each in segments)
