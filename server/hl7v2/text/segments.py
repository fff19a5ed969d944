"""A message in segments: the text decoded, its lines parted, each line in its fields."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from server.hl7v2.message import Segment
from server.hl7v2.refusal import Code, Place, Refusal, rejected
from server.hl7v2.text import charsets
from server.hl7v2.text.delimiters import Delimiters
from server.hl7v2.text.escapes import without_controls
from server.hl7v2.text.fields import Fields
from server.hl7v2.text.head import BOM, Head

MOST_SEGMENTS = 20_000
MOST_PARTS = 500_000
"""Fields, repetitions, components and subcomponents of a message: 20,000 observations have 400,000."""
MOST_OF_A_SEGMENT = 50_000
"""A waveform has thousands of components, no message more."""


@dataclass(frozen=True, slots=True)
class Lines:
    """All segments, and what was overlooked on the way."""

    segments: tuple[Segment, ...]
    notes: tuple[str, ...]
    codec: str


def read_segments(payload: bytes, head: Head, default: str, strict: bool) -> Lines:
    """``default``: the set of the link, where MSH-18 says nothing.

    Raises:
        Refusal: the character set, the ends of the lines, or there is too much of something.
    """
    notes = []
    said = head.character_sets
    codec, lenient = charsets.codec(said if any(said) else (default,), strict)
    if lenient:
        notes.append("character-set-name MSH-18")
    if head.bom:
        notes.append("byte-order-mark")
    whole = charsets.decode(payload.removeprefix(BOM), codec)
    text = without_controls(whole)
    if len(text) != len(whole):
        notes.append("control-characters")
    lines, ends = _lines(charsets.composed(text).lstrip("\r\n"))
    notes += ends
    if strict and notes:
        raise rejected(
            Code.SEQUENCE, "strict", f"this link is strict, and the message has: {', '.join(notes)}"
        )
    fields = Fields(head.delimiters, codec)
    segments = _segments(lines, head.delimiters, fields)
    notes += ["escape"] if fields.escapes.broken else []
    notes += ["control-characters"] if fields.escapes.control and "control-characters" not in notes else []
    return Lines(segments, tuple(notes), codec)


def _lines(text: str) -> tuple[list[str], list[str]]:
    """What ends the first line ends them all; CR is what the standard says (section 2.5.2)."""
    first = min((at for at in (text.find("\r"), text.find("\n")) if at >= 0), default=-1)
    if first < 0:
        return [text], ["no-segment-end"]
    end, notes = "\r", []
    if text[first] == "\n":
        end, notes = "\n", ["line-feed"]
    elif text[first + 1 : first + 2] == "\n":
        end, notes = "\r\n", ["carriage-return-line-feed"]
    if text.count(end) > 2 * MOST_SEGMENTS:
        raise _too_many("segments", MOST_SEGMENTS)
    if not text.endswith(end):
        notes.append("no-segment-end")
    lines = text.split(end)
    if "" in lines[:-1]:
        notes.append("empty-line")
    return lines, notes


def _segments(lines: list[str], delimiters: Delimiters, fields: Fields) -> tuple[Segment, ...]:
    found = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if len(found) > MOST_SEGMENTS:
        raise _too_many("segments", MOST_SEGMENTS)
    if sum(_parts(line, delimiters) for _, line in found) > MOST_PARTS:
        raise _too_many("fields, repetitions and components", MOST_PARTS)
    seen = Counter({"MSH": 1})
    out = [fields.msh(found[0][1])]
    for number, line in found[1:]:
        name = line[:3]
        seen[name] += 1
        _check(line, delimiters, out[-1])
        out.append(fields.segment(line, number, seen[name]))
    return tuple(out)


def _check(line: str, delimiters: Delimiters, before: Segment) -> None:
    if not _named(line[:3]) or line[3:4] not in ("", delimiters.field):
        raise Refusal(
            Code.SEQUENCE,
            "segment-name",
            "the line after this segment must begin with a segment's name (three capital letters or digits) "
            "and the field separator",
            Place(before.name, before.sequence),
        )
    if _parts(line, delimiters) > MOST_OF_A_SEGMENT:
        raise _too_many("fields, repetitions and components in one segment", MOST_OF_A_SEGMENT)


def _parts(line: str, delimiters: Delimiters) -> int:
    between = (delimiters.field, delimiters.repetition, delimiters.component, delimiters.sub)
    return sum(line.count(each) for each in between)


def _named(name: str) -> bool:
    """Section 2.5.2: a letter, then letters or digits."""
    return len(name) == 3 and name.isascii() and name.isalnum() and name[0].isalpha() and name == name.upper()


def _too_many(what: str, most: int) -> Exception:
    return rejected(Code.APPLICATION, "too-large", f"at most {most} {what} are taken in one message")
