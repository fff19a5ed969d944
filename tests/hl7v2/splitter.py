"""A message for tests, split by hand: one flat group, fixed separators, no validation."""

from __future__ import annotations

import re

from server.hl7v2.message import Field, Group, Message, Repetition, Segment

_ESCAPES = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\", ".br": "\n"}
_PLACED = {
    "MSH", "EVN", "PID", "PD1", "MRG", "NK1", "PV1", "PV2", "ORC", "OBR", "OBX", "NTE", "TQ1", "IPC", "SPM",
    "TXA", "RF1", "PRD", "DG1",
}  # fmt: skip


def split(text: str) -> Message:
    """Lines may end in anything; blanks before them do not count, so that tests can indent."""
    lines = [each.strip(" \ufeff") for each in re.split(r"[\r\n]+", text)]
    counts: dict[str, int] = {}
    segments: list[Segment] = []
    for at, line in enumerate((each for each in lines if each), 1):
        name, *rest = line.split("|")
        fields = [_plain("|"), _plain("^~\\&"), *rest[1:]] if name == "MSH" else rest
        counts[name] = counts.get(name, 0) + 1
        segments.append(Segment(name, tuple(_field(each) for each in fields), at, counts[name]))
    header = segments[0]
    code, event = header.text(9), header.text(9, 2)
    structure = header.text(9, 3) or f"{code}_{event}"
    placed = tuple(each for each in segments if each.name in _PLACED)
    extra = tuple(each for each in segments if each.name not in _PLACED)
    return Message(code, event, structure, header.text(12), header, Group(structure, placed), extra)


def _plain(text: str) -> Field:
    return (Repetition(((text,),)),)


def _field(field: str | Field) -> Field:
    return tuple(_repetition(each) for each in field.split("~")) if isinstance(field, str) else field


def _repetition(text: str) -> Repetition:
    return Repetition(tuple(tuple(_unescaped(sub) for sub in each.split("&")) for each in text.split("^")))


def _unescaped(text: str) -> str:
    return re.sub(r"\\([FSTRE]|\.br)\\", lambda found: _ESCAPES[found[1]], text)
