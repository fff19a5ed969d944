"""What an Accept header asks for at this door (RFC 9110 12.5.1; PS3.18 8.7), and what is made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from server.errors import Category, Fault, fault

MULTIPART = "multipart/related"
_MOST_RANGES = 64
_RANGE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PARAMETER = re.compile(r'\s*;\s*([A-Za-z0-9\-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;,"\s]*)')
_TYPE = re.compile(r"\s*([A-Za-z0-9!#$&^_.+\-*]+/[A-Za-z0-9!#$&^_.+\-*]+)")
_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


@dataclass(frozen=True, slots=True)
class Range:
    """One media range. Of ``multipart/related; type=T``, ``part`` is T."""

    kind: str
    part: str
    syntax: str
    """The transfer-syntax parameter; ``*`` for whatever it is, empty where none is named."""
    weight: float


def ranges(accept: str) -> tuple[Range, ...]:
    """The ranges of an Accept header, those wanted most first.

    Raises:
        Fault: INCORRECT, when it is no list of media ranges.
    """
    found = [_range(each) for each in _RANGE.findall(accept) if each.strip()]
    if not found or len(found) > _MOST_RANGES:
        raise fault(Category.INCORRECT, "value", f"Accept is a list of at most {_MOST_RANGES} media ranges")
    wanted = [each for each in found if each.weight > 0]
    return tuple(sorted(wanted, key=lambda each: -each.weight))


def parameters(text: str) -> tuple[str, dict[str, str]]:
    """(type, parameters) of a media type, names in lower case. Raises Fault(INCORRECT)."""
    head = _TYPE.match(text)
    if head is None:
        raise fault(Category.INCORRECT, "value", "a media type is type/subtype with ;name=value behind it")
    at = head.end()
    found: dict[str, str] = {}
    while (match := _PARAMETER.match(text, at)) is not None:
        value = match[2]
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found.setdefault(match[1].lower(), value)
        at = match.end()
    if text[at:].strip(" ;"):
        raise fault(Category.INCORRECT, "value", "a media type is type/subtype with ;name=value behind it")
    return head[1].lower(), found


def _range(text: str) -> Range:
    kind, said = parameters(text)
    quality = said.get("q", "1")
    if not _QUALITY.fullmatch(quality):
        raise fault(Category.INCORRECT, "value", "q in Accept is a number from 0 to 1")
    part, syntax = said.get("type", ""), said.get("transfer-syntax", "")
    if part:
        part, inner = parameters(part)
        syntax = syntax or inner.get("transfer-syntax", "")
    return Range(kind, part, syntax, float(quality))


def covers(pattern: str, kind: str) -> bool:
    """Whether ``*/*`` or ``image/*`` or a type covers a type."""
    return pattern in ("*/*", kind) or (pattern.endswith("/*") and kind.startswith(pattern[:-1]))


def single(accept: str, offered: tuple[str, ...]) -> str:
    """Which of the single-part types offered is wanted most; the first of them where none is named.

    Raises:
        Fault: NOT_ACCEPTABLE, saying what is offered; INCORRECT.
    """
    for each in ranges(accept):
        for kind in offered:
            if covers(each.kind, kind):
                return kind
    raise unacceptable(offered)


def unacceptable(offered: tuple[str, ...]) -> Fault:
    return fault(Category.NOT_ACCEPTABLE, "not-supported", f"what is offered here: {'; or '.join(offered)}")
