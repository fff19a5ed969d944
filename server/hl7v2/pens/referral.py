"""REF^I12 to I14, OML^O21: a specialist is asked for an opinion of their own (HL7 v2 11.4 and 4.4.6).

They read blind: neither opinion is named, nor why they are asked, nor the order by which the first report
could be found. The reason is always the same, a second opinion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from server.hl7v2.pens.characters import encoded
from server.hl7v2.pens.codes import OURS, STUDY, coded
from server.hl7v2.pens.er7 import joined, message, parts, segment, subparts, text
from server.hl7v2.pens.letter import Letter, clinician, moment, person_name, write_header, write_patient
from server.hl7v2.pens.result import Result, write_results
from server.model import Card, Measurement, Urgency

_PRIORITY: Final = {Urgency.STAT: "S", Urgency.URGENT: "A", Urgency.ROUTINE: "R"}
"""Tables 0280 and 0485."""
_REASON: Final = parts("S", "Second opinion", "HL70336")


class Turn(StrEnum):
    """What has become of an offer, as event of REF (table 0003)."""

    OFFERED = "I12"
    CHANGED = "I13"
    """The specialist has accepted."""
    CANCELLED = "I14"


class Standing(StrEnum):
    """RF1-1 (table 0283)."""

    PENDING = "P"
    ACCEPTED = "A"
    REJECTED = "R"
    EXPIRED = "E"


_CONTROLS: Final = {Turn.OFFERED: "NW", Turn.CHANGED: "XO", Turn.CANCELLED: "CA"}
"""ORC-1 (table 0119)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One offer to one specialist."""

    turn: Turn
    standing: Standing
    card: Card
    offer: str
    """Our number for the offer."""
    referral: str
    """And for the referral, which all its offers have in common."""
    urgency: Urgency
    offered_at: datetime
    due: datetime
    operator: str
    """The organisation that asks."""
    practitioner: Mapping[str, Any]
    name: str
    values: tuple[Measurement, ...] = ()
    studies: tuple[str, ...] = ()
    """Study Instance UIDs."""
    priors: tuple[str, ...] = ()
    """Of earlier studies, for comparison."""


def write_referral(letter: Letter, asked: Asked) -> bytes:
    """REF^I12, I13 or I14."""
    segments = [
        write_header(letter, "REF", asked.turn, "REF_I12"),
        _referral(letter, asked),
        *_providers(letter, asked),
        write_patient(letter),
        segment("OBR", _request(letter, asked)),
        *_evidence(letter, asked),
    ]
    return encoded(message(segments), letter.terms.character_set)


def write_order(letter: Letter, asked: Asked) -> bytes:
    """OML^O21, from 2.5 on: we are the placer."""
    who = joined(subparts(*clinician(letter.terms, asked.practitioner, asked.name)))
    order = {1: _CONTROLS[asked.turn], 2: letter.ours(asked.offer), 4: letter.ours(asked.referral)}
    segments = [
        write_header(letter, "OML", "O21", "OML_O21"),
        write_patient(letter),
        segment("ORC", order | {9: moment(letter.at)}),
        _timing(asked),
        segment("OBR", _request(letter, asked) | {2: letter.ours(asked.offer), 31: _REASON, 32: who}),
        *_evidence(letter, asked),
    ]
    return encoded(message(segments), letter.terms.character_set)


def _referral(letter: Letter, asked: Asked) -> str:
    kind = parts("RAD", "Radiology", "HL70281") if asked.card.film else parts("LAB", "Laboratory", "HL70281")
    return segment(
        "RF1",
        {
            1: asked.standing,
            2: _PRIORITY[asked.urgency],
            3: kind,
            4: parts("SO", "Second opinion", "HL70282"),
            6: letter.ours(asked.offer),
            7: moment(asked.offered_at),
            8: moment(asked.due),
            9: moment(letter.at),
            10: _REASON,
        },
    )


def _providers(letter: Letter, asked: Asked) -> list[str]:
    """Who asks, and who is asked (table 0286)."""
    number = clinician(letter.terms, asked.practitioner, asked.name)[0]
    referred = {1: parts("RT", "Referred to provider", "HL70286"), 7: parts(number, "L") if number else ""}
    name = person_name(asked.practitioner) or text(asked.name)
    return [
        segment("PRD", {1: parts("RP", "Referring provider", "HL70286"), 2: text(asked.operator)}),
        segment("PRD", referred | {2: name}),
    ]


def _timing(asked: Asked) -> str:
    by = {7: moment(asked.offered_at), 8: moment(asked.due)}
    return segment("TQ1", {1: "1", **by, 9: _PRIORITY[asked.urgency]})


def _request(letter: Letter, asked: Asked) -> dict[int, str]:
    """The question stands beside the kind of report that answers it."""
    question = joined(coded(asked.card.report_code), text(asked.card.question), "", OURS)
    return {1: "1", 2: letter.ours(asked.referral), 4: question, 7: moment(asked.offered_at)}


def _evidence(letter: Letter, asked: Asked) -> list[str]:
    results = [each for value in asked.values for each in _value(value)]
    results += [Result("ST", STUDY, text(uid), "F") for uid in asked.studies]
    results += [Result("ST", STUDY, text(uid), "F", note="Earlier study") for uid in asked.priors]
    return write_results(letter, results)


def _value(each: Measurement) -> list[Result]:
    """As the laboratory sent it; a bound is no number (SN)."""
    if each.value is None or not each.codes:
        return []
    status = "F" if each.final else "P"
    type_, value = "NM", format(each.value, "f")
    if each.comparator is not None:
        type_, value = "SN", parts(each.comparator, value)
    units = parts(each.unit, "", "UCUM") if each.unit else ""
    return [Result(type_, coded(each.codes[0]), value, status, each.effective, units=units)]
