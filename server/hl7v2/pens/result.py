"""OBX: one statement, in every version that is spoken (HL7 v2 section 7.4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.hl7v2.pens.er7 import parts, segment, text
from server.hl7v2.pens.letter import Letter, moment

CODED = "CWE"


@dataclass(frozen=True, slots=True)
class Result:
    """What one OBX says; ``observed`` and ``value`` are written already."""

    type: str
    """OBX-2."""
    observed: str
    """OBX-3."""
    value: str
    status: str
    """OBX-11 (table 0085)."""
    at: datetime | None = None
    name: str = ""
    """OBX-21, where there is one: our number for this statement."""
    units: str = ""
    interpretation: str = ""
    """OBX-8: what the value itself means, never whether somebody else agrees."""
    probability: str = ""
    observer: str = ""
    method: str = ""
    device: str = ""
    """Number of the device, not written yet."""
    note: str = ""
    """For people, behind it."""


def write_results(letter: Letter, results: list[Result]) -> list[str]:
    """OBX, and PRT for a device where the version has it (since 2.7 OBX-18 is for older receivers)."""
    found = []
    for place, each in enumerate(results, start=1):
        found.append(_observation(letter, place, each))
        if each.device and letter.since("2.7"):
            found.append(
                segment(
                    "PRT", {2: "UC", 4: parts("EQUIP", "Equipment", "HL70912"), 10: letter.ours(each.device)}
                )
            )
        if each.note:
            found.append(segment("NTE", {1: "1", 2: "L", 3: text(each.note)}))
    return found


def _observation(letter: Letter, place: int, each: Result) -> str:
    """OBX-4 tells statements under one code apart; it is required in some versions, so each has one."""
    fields = {
        1: str(place),
        2: _type(letter, each.type),
        3: each.observed,
        4: str(place),
        5: each.value,
        6: each.units,
        8: text(each.interpretation),
        9: each.probability,
        11: each.status,
        14: moment(each.at) if each.at else "",
        16: each.observer,
        17: each.method,
    }
    if letter.since("2.4") and each.device:
        fields |= {18: letter.ours(each.device), 19: moment(each.at) if each.at else ""}
    if letter.since("2.6") and each.name:
        fields |= {21: letter.ours(each.name)}
    return segment("OBX", fields)


def _type(letter: Letter, type_: str) -> str:
    """Table 0125 has CWE since 2.5."""
    return "CE" if type_ == CODED and not letter.since("2.5") else type_
