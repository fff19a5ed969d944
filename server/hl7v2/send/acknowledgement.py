"""What somebody answers to a message of ours: MSA and ERR (HL7 v2 sections 2.14.5 and 2.14.8); pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

MOST_WORDS: Final = 300
"""Characters of a partner's words that are kept."""
_CODES: Final = ("AA", "AE", "AR", "CA", "CE", "CR")
"""Table 0008."""
_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{0,20}")
_MOST_CODES: Final = 8
UNREADABLE: Final = "unreadable"
_ENDS: Final = re.compile(r"\r\n|\r|\n")
_ESCAPES: Final = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}
_ESCAPE: Final = re.compile(r"\\([FSTRE])\\")


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One answer."""

    code: str
    """MSA-1."""
    of: str
    """MSA-2: MSH-10 of what is answered."""
    errors: frozenset[str] = frozenset()
    """Codes of table 0357."""
    words: str = ""
    """What it says for people: bounded, on one line. It may quote the patient: kept, and never logged."""


def acknowledgement(payload: bytes) -> Acknowledgement | None:
    """None when it is no acknowledgement, whatever else it is."""
    segments = [each for each in _ENDS.split(_text(payload)) if each]
    head = segments[0] if segments else ""
    if not head.startswith("MSH") or len(head) < 8:
        return None
    bar, caret = head[3], head[4]
    fields = [each.split(bar) for each in segments[1:]]
    told = next((each for each in fields if each[0] == "MSA"), None)
    if told is None or _field(told, 1) not in _CODES:
        return None
    errors = [each for each in fields if each[0] == "ERR"]
    listed = [code for each in errors for code in _codes(each, caret)]
    codes = {_code(each) for each in (*listed[:_MOST_CODES], _field(told, 6).split(caret)[0])}
    said = [_field(told, 3), *(_field(each, n) for each in errors for n in (8, 7))]
    return Acknowledgement(_field(told, 1), _field(told, 2), frozenset(codes - {""}), _words(said))


def _codes(error: Sequence[str], caret: str) -> Iterator[str]:
    """ERR-3; before 2.5 the fourth component of ERR-1."""
    yield _field(error, 3).split(caret)[0]
    for each in _field(error, 1).split("~"):
        yield re.split(r"[&~]", (each.split(caret) + [""] * 4)[3])[0]


def _code(said: str) -> str:
    """What is no code of any table may be anything, and is not shown."""
    return said if _CODE.fullmatch(said) else UNREADABLE


def _field(fields: Sequence[str], number: int) -> str:
    return fields[number].strip() if len(fields) > number else ""


def _text(payload: bytes) -> str:
    """UTF-8, which ASCII is part of; what is not is Latin 1, which anything can be read as."""
    try:
        return payload.decode("utf-8-sig")
    except UnicodeDecodeError:
        return payload.decode("latin-1")


def _words(said: Sequence[str]) -> str:
    whole = "; ".join(dict.fromkeys(each for each in said if each))
    plain = _ESCAPE.sub(lambda found: _ESCAPES[found[1]], whole)
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in plain).split())
    return line if len(line) <= MOST_WORDS else line[: MOST_WORDS - 1].rstrip() + "…"
