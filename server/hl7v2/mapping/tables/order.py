"""ORC, OBR, TQ1, IPC and ServiceRequest (HL7 v2.8 sections 4.5.1, 4.5.3, 4.5.4, 4.5.6)."""

from __future__ import annotations

from server.hl7v2.mapping.concepts.orders import PRIORITY, SECTION
from server.hl7v2.mapping.convert import codes, people, text, times
from server.hl7v2.mapping.convert.identifiers import (
    entity,
    filler_system,
    group_system,
    part_of,
    placer_system,
)
from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import Row, Table
from server.hl7v2.message import Repetition, Segment

PLACER = entity("PLAC", placer_system)
FILLER = entity("FILL", filler_system)
AE_TITLE = "https://second-reader.example/fhir/ae-title"
"""As the worklist of the DICOM port reads it (docs/dicom.md)."""


def _is_new(orc: Segment) -> bool:
    return orc.text(1) == "NW"


def _timing_priority(value: Repetition, making: Making, where: str) -> str | None:
    """TQ.6."""
    return codes.mapped(PRIORITY)(Repetition(value.components[5:6]), making, where)


def _note(value: Repetition, making: Making, where: str) -> Json | None:
    said = text.string(Repetition(((value.text(9) or value.text(2) or value.text(1),),)), making, where)
    return {"text": said} if said else None


def _station(value: Repetition, _making: Making, _where: str) -> Json | None:
    title = text.clean(value.text())
    return {"identifier": {"system": AE_TITLE, "value": title}} if title else None


ORC: Table = (
    Row("ORC-2", "identifier+", PLACER, "EI[Identifier-Extension]"),
    Row("ORC-3", "identifier+", FILLER, "EI[Identifier-Extension]"),
    Row("ORC-4", "requisition", part_of(1, "PGN", group_system), "EIP"),
    Row("ORC-7", "priority", _timing_priority, "TQ[ServiceRequest]"),
    Row("ORC-9", "authoredOn", times.date_time, when=_is_new),
    Row("ORC-12", "requester", people.practitioner, "XCN[Practitioner]"),
    Row(
        "ORC-16",
        "extension{request-statusReason}.valueCodeableConcept",
        codes.concept,
        "CWE[CodeableConcept]",
    ),
)
OBR: Table = (
    Row("OBR-2", "identifier+", PLACER, "EI[Identifier-Extension]"),
    Row("OBR-3", "identifier+", FILLER, "EI[Identifier-Extension]"),
    Row("OBR-4", "code", codes.concept, "CWE[CodeableConcept]"),
    Row("OBR-5", "priority", codes.mapped(PRIORITY), "ID[code]"),
    Row("OBR-36", "occurrenceDateTime", times.date_time),
    Row("OBR-6", "occurrenceDateTime", times.date_time),
    Row("OBR-13", "note+", _note, many=True),
    Row("OBR-16", "requester", people.practitioner, "XCN[Practitioner]"),
    Row("OBR-24", "category+", codes.tabled(SECTION), "ID[CodeableConcept]"),
    Row("OBR-27", "priority", _timing_priority, "TQ[ServiceRequest]"),
    Row("OBR-31", "reasonCode+", codes.concept, "CWE[CodeableConcept]", many=True),
    Row("OBR-46", "orderDetail+", codes.concept, "CWE[CodeableConcept]", many=True),
    Row("OBR-47", "orderDetail+", codes.concept, "CWE[CodeableConcept]", many=True),
)
TQ1: Table = (
    Row("TQ1-7", "occurrenceDateTime", times.date_time),
    Row("TQ1-9", "priority", codes.mapped(PRIORITY)),
    Row("TQ1-11", "note+", _note),
)
IPC: Table = (
    Row("IPC-5", "orderDetail+", codes.concept, "CWE[CodeableConcept]"),
    Row("IPC-9", "performer+", _station),
)
DG1: Table = (Row("DG1-3", "reasonCode+", codes.concept, "CWE[CodeableConcept]"),)
OWNED = (
    "status", "intent", "code", "category", "priority", "occurrence[x]", "authoredOn", "requester",
    "performer", "reasonCode", "orderDetail", "note", "requisition", "encounter", "extension",
    "specimen", "supportingInfo",
)  # fmt: skip
"""What an order speaks of. A result names its order, and says at most where it stands (ORC-5)."""
