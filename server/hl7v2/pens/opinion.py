"""ORU^R01: a released opinion, and beside it what a specialist has signed (HL7 v2 section 7.3.1).

The model's read stands under an order number of ours, never under that of the first report: a receiver would
replace a human's by it. It is R, results that nobody has verified, and P in each statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from server.hl7v2.pens.characters import encoded
from server.hl7v2.pens.codes import AGREEMENT, DECIDED, FINDINGS, MODELS, OUTCOME, coded, ours
from server.hl7v2.pens.er7 import joined, lines, message, parts, segment, subparts
from server.hl7v2.pens.letter import Letter, clinician, entity, moment, write_header, write_patient
from server.hl7v2.pens.result import CODED, Result, write_results
from server.model import AiRead, Answer, Card, Coding, Silence, SpecialistRead

MARK: Final = "AI second read, not verified by a clinician."
"""In plain words, as on every other wire: readers that ignore codes must still see it."""
_VALUES: Final = {
    Answer.PRESENT: (parts("52101004", "Present", "SCT"), "A"),
    Answer.ABSENT: (parts("2667000", "Absent", "SCT"), "N"),
}
"""OBX-5, and OBX-8 by table 0078."""
_CORRECTED: Final = ("amended", "corrected", "appended")


@dataclass(frozen=True, slots=True)
class Names:
    """Numbers that the receiver sees, minted from the case."""

    opinion: str
    """OBR-3."""
    finding: str
    words: str
    agreement: str
    outcome: str
    specialist: str
    """OBR-3 of the specialist's report."""
    decided: str


@dataclass(frozen=True, slots=True)
class Signed:
    """The specialist's read, the report that carries it, and who signed."""

    read: SpecialistRead
    report: Mapping[str, Any]
    practitioner: Mapping[str, Any]
    name: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """All that a resolved case says."""

    card: Card
    read: AiRead
    words: str
    confidence: str
    """That the answer given holds, from 0 to 1; empty without an answer."""
    agreement: Coding
    outcome: Coding
    decided: Coding
    names: Names
    signed: Signed | None = None


def write_opinion(letter: Letter, opinion: Opinion) -> bytes:
    """The whole message."""
    signed = opinion.signed
    written = message(
        [
            write_header(letter, "ORU", "R01", "ORU_R01"),
            write_patient(letter),
            *(() if opinion.read.silence is Silence.NOT_ASKED else _model(letter, opinion)),
            *(_specialist(letter, opinion, signed) if signed else ()),
        ]
    )
    return encoded(written, letter.terms.character_set)


def _model(letter: Letter, opinion: Opinion) -> list[str]:
    read, card, names = opinion.read, opinion.card, opinion.names
    return [
        _order(letter, names.opinion),
        segment("OBR", _request(letter, names.opinion, 1, coded(card.report_code), read.made_at) | {
            22: moment(letter.at), 24: "RAD" if card.film else "LAB", 25: "R",
        }),
        *write_results(letter, [
            _finding(letter, opinion),
            Result("TX", FINDINGS, lines(_marked(opinion.words)), "P", read.made_at, names.words),
            Result(CODED, AGREEMENT, ours(opinion.agreement.code, opinion.agreement.display), "P",
                   letter.at, names.agreement),
            Result(CODED, OUTCOME, ours(opinion.outcome.code, opinion.outcome.display), "P",
                   letter.at, names.outcome),
            Result(CODED, DECIDED, ours(opinion.decided.code, opinion.decided.display), "P",
                   letter.at, names.decided),
        ]),
    ]  # fmt: skip


def _finding(letter: Letter, opinion: Opinion) -> Result:
    """A decline has no value: X, "results cannot be obtained" (table 0085), is no negative finding."""
    read, card = opinion.read, opinion.card
    value, means = _VALUES[read.answer] if read.answer else ("", "")
    return Result(
        type=CODED,
        observed=coded(card.finding),
        value=value,
        status="P" if read.answer else "X",
        at=read.made_at,
        name=opinion.names.finding,
        interpretation=means,
        probability=opinion.confidence if letter.terms.probability else "",
        method=parts("AI", f"{card.name} {card.version}", MODELS),
        device=card.identity,
    )


def _specialist(letter: Letter, opinion: Opinion, signed: Signed) -> list[str]:
    """As it was signed, under another number: a human's, and final."""
    names, report = opinion.names, signed.report
    place = 1 if opinion.read.silence is Silence.NOT_ASKED else 2
    number = names.specialist
    status = "C" if report["status"] in _CORRECTED else "F"
    who = clinician(letter.terms, signed.practitioner, signed.name)
    observer, at = parts(*who), signed.read.signed_at
    value = _VALUES[signed.read.answer][0] if signed.read.answer else ""
    codes = [each for each in report.get("code", {}).get("coding", []) if each.get("code")]
    asked = (
        coded(Coding(codes[0].get("system", ""), codes[0]["code"], codes[0].get("display", "")))
        if codes
        else ""
    )
    said = lines(str(report.get("conclusion", "")))
    results = [
        Result(CODED, coded(opinion.card.finding), value, status, at, observer=observer),
        *([Result("TX", FINDINGS, said, status, at, observer=observer)] if said else []),
    ]
    return [
        _order(letter, names.specialist),
        segment("OBR", _request(letter, number, place, asked or coded(opinion.card.report_code), at) | {
            22: moment(at), 24: "RAD" if opinion.card.film else "LAB", 25: status,
            32: joined(subparts(*who)),
        }),
        *write_results(letter, results),
    ]  # fmt: skip


def _order(letter: Letter, filler: str) -> str:
    """RE: observations follow (table 0119)."""
    placer = entity(letter.terms, letter.placer)
    return segment("ORC", {1: "RE", 2: placer, 3: letter.ours(filler), 9: moment(letter.at)})


def _request(letter: Letter, filler: str, place: int, code: str, at: datetime) -> dict[int, str]:
    placer = entity(letter.terms, letter.placer)
    return {1: str(place), 2: placer, 3: letter.ours(filler), 4: code, 7: moment(at)}


def _marked(words: str) -> str:
    return words if words.startswith(MARK.rstrip(".")) else f"{MARK} {words}".strip()
