"""ORU^R01 that takes an opinion back: the order corrected, each statement posted as wrong (table 0085).

It is made from what was sent, not written anew: the statements are those that the receiver holds, under the
same numbers, whatever model or pens there are now. What a human has signed stands.
"""

from __future__ import annotations

from dataclasses import replace

from server.hl7v2.pens.characters import decoded, encoded, said_set
from server.hl7v2.pens.er7 import SEPARATOR, message, segment, text
from server.hl7v2.pens.letter import Letter, moment, write_header
from server.model import Withdrawal

_WRONG, _CORRECTION = "W", "C"
_SAID = "WITHDRAWN, do not use"


def write_withdrawal(letter: Letter, sent: bytes, said: Withdrawal) -> bytes:
    """``sent``: the opinion's message; it decides version and character set."""
    segments = [each.split(SEPARATOR) for each in decoded(sent).split("\r") if each]
    version, character_set = segments[0][11], said_set(segments[0])
    letter = replace(letter, terms=replace(letter.terms, version=version, character_set=character_set))
    orders = [place for place, each in enumerate(segments) if each[0] == "ORC"]
    ours = segments[orders[0] : orders[1] if len(orders) > 1 else len(segments)]
    words = f"{_SAID}: {said.reason}."
    return encoded(
        message(
            [
                write_header(letter, "ORU", "R01", "ORU_R01"),
                *(SEPARATOR.join(each) for each in segments if each[0] == "PID"),
                *(line for each in ours for line in _taken_back(letter, each, words)),
            ]
        ),
        character_set,
    )


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
