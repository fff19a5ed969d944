"""SPM and Specimen (HL7 v2.8 section 7.4.3)."""

from __future__ import annotations

from server.hl7v2.mapping.concepts.results import AVAILABILITY
from server.hl7v2.mapping.convert import codes, numbers, text, times
from server.hl7v2.mapping.convert.identifiers import accession_system, extended, part_of, specimen_system
from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import Row, Table
from server.hl7v2.message import Repetition, Segment


def _note(value: Repetition, making: Making, where: str) -> Json | None:
    said = text.whole(value, making, where)
    return {"text": said} if said else None


def _amount(value: Repetition, making: Making, where: str) -> Json | None:
    """CQ; its unit is a CWE in subcomponents."""
    found = numbers.quantity(value, making, where)
    unit = text.clean(value.part(2).text(2)) or text.clean(value.part(2).text(1))
    if found and found.pop("comparator", None):  # R4 SimpleQuantity, sqty-1
        making.note("bound of an amount left out", where)
    return {**found, **({"unit": unit} if unit else {})} if found else None


def _first(value: Repetition, making: Making, where: str) -> str | None:
    """DR without an end: a point in time."""
    return times.date_time(value.part(1), making, where)


def _ended(spm: Segment) -> bool:
    return bool(spm.text(17, 2))


def _open(spm: Segment) -> bool:
    return not _ended(spm)


SPM: Table = (
    Row(
        "SPM-2", "identifier+", part_of(1, "PGN", specimen_system), "EIP[Identifier-PlacerAssignedIdentifier]"
    ),
    Row(
        "SPM-2", "identifier+", part_of(2, "FGN", specimen_system), "EIP[Identifier-FillerAssignedIdentifier]"
    ),
    Row("SPM-4", "type", codes.concept, "CWE[CodeableConcept]"),
    Row("SPM-7", "collection.method", codes.concept, "CWE[CodeableConcept]"),
    Row("SPM-8", "collection.bodySite", codes.concept, "CWE[CodeableConcept]"),
    Row("SPM-12", "collection.quantity", _amount, "CQ[Quantity]"),
    Row("SPM-14", "note+", _note, many=True),
    Row("SPM-17", "collection.collectedPeriod", times.period, "DR[Period]", when=_ended),
    Row("SPM-17", "collection.collectedDateTime", _first, "DR[dateTime]", when=_open),
    Row("SPM-18", "receivedTime", times.date_time),
    Row("SPM-20", "status", codes.mapped(AVAILABILITY)),
    Row("SPM-24", "condition+", codes.concept, "CWE[CodeableConcept]", many=True),
    Row("SPM-30", "accessionIdentifier", extended(accession_system), "CX[Identifier]"),
    Row("SPM-31", "identifier+", extended(specimen_system), "CX[Identifier]", many=True),
)
OWNED = ("type", "collection", "note", "receivedTime", "status", "condition", "accessionIdentifier")
