"""ORU^R01 that takes an opinion back: the order corrected, each statement posted as wrong (table 0085).

It is made from what was sent, not written anew: the statements are those that the receiver holds, under the
same numbers, whatever model or pens there are now. What a human has signed stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from server.hl7v2.pens.characters import decoded, encoded, said_set
from server.hl7v2.pens.er7 import CR, SEPARATOR, message, segment, text
from server.hl7v2.pens.letter import Letter, moment, write_header
from server.model import Withdrawal

_WRONG, _CORRECTION = "W", "C"
_SAID = "WITHDRAWN, do not use"


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a message is told anew: of one that has arrived, the opinion alone."""

    opinion: bool = True
    """Taken back."""
    signed: bool = False
    """As it was signed."""


def holds(sent: bytes, parts: Parts) -> bool:
    """Whether there is anything to tell."""
    return parts.opinion or (parts.signed and len(_orders(_segments(sent))) > 1)


def write_withdrawal(letter: Letter, sent: bytes, said: Withdrawal, parts: Parts | None = None) -> bytes:
    """``sent``: the opinion's message; it decides version and character set."""
    parts, segments = parts or Parts(), _segments(sent)
    version, character_set = segments[0][11], said_set(segments[0])
    letter = replace(letter, terms=replace(letter.terms, version=version, character_set=character_set))
    ours, *signed = _orders(segments)
    words = f"{_SAID}: {said.reason}."
    written = [
        write_header(letter, "ORU", "R01", "ORU_R01"),
        *(SEPARATOR.join(each) for each in segments if each[0] == "PID"),
        *(line for each in ours if parts.opinion for line in _taken_back(letter, each, words)),
        *(line for order in signed if parts.signed for line in _as_it_was(order, 2 if parts.opinion else 1)),
    ]
    return encoded(message(written), character_set)


def _segments(sent: bytes) -> list[list[str]]:
    return [each.split(SEPARATOR) for each in decoded(sent).split(CR) if each]


def _orders(segments: list[list[str]]) -> list[list[list[str]]]:
    """The opinion first."""
    begins = [place for place, each in enumerate(segments) if each[0] == "ORC"]
    return [segments[at:end] for at, end in pairwise([*begins, len(segments)])]


def _as_it_was(order: list[list[str]], place: int) -> list[str]:
    return [_with(each, {1: str(place)}) if each[0] == "OBR" else SEPARATOR.join(each) for each in order]


def _taken_back(letter: Letter, fields: list[str], words: str) -> list[str]:
    """In words too, before everything: readers that ignore statuses must still see it."""
    match fields[0]:
        case "ORC":
            return [_with(fields, {9: moment(letter.at)})]
        case "OBR":
            note = segment("NTE", {1: "1", 2: "L", 3: text(words)})
            return [_with(fields, {22: moment(letter.at), 25: _CORRECTION}), note]
        case "OBX" if fields[2] == "TX":
            return [_with(fields, {5: f"{text(words)} {fields[5]}", 11: _WRONG})]
        case "OBX":
            return [_with(fields, {11: _WRONG})]
    return [SEPARATOR.join(fields)]


def _with(fields: list[str], changed: dict[int, str]) -> str:
    return segment(fields[0], dict(enumerate(fields[1:], start=1)) | changed)
