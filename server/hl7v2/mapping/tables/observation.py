"""OBX, NTE and Observation (HL7 v2.8 sections 7.4.2, 2.14.10). OBX-5 and OBX-6 are read by ``values``."""

from __future__ import annotations

from decimal import Decimal

from server.hl7v2.mapping.concepts.results import ABNORMALITY, INTERPRETATION, OBSERVATION
from server.hl7v2.mapping.convert import codes, people, text, times
from server.hl7v2.mapping.convert.identifiers import entity, result_system
from server.hl7v2.mapping.convert.numbers import decimal
from server.hl7v2.mapping.drafts import Json
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.own import BASE
from server.hl7v2.mapping.rows import EXTENSION, Row, Table
from server.hl7v2.message import Repetition

PROBABILITY = f"{BASE}/StructureDefinition/probability"


def _sub_id(value: Repetition, making: Making, where: str) -> Json | None:
    """As it was sent; what it groups only the sender knows."""
    said = text.whole(value, making, where)
    return {"url": "original-sub-identifier", "valueString": said} if said else None


def _probability(value: Repetition, making: Making, where: str) -> Decimal | None:
    """0 to 1; the v2-to-FHIR maps have no place for it."""
    number = decimal(value.text())
    if number is None or not 0 <= number <= 1:
        making.note("no probability, left out", where)
        return None
    return number


def _device(value: Repetition, making: Making, where: str) -> Json | None:
    """A logical reference: the message says which, and nothing else about it."""
    known = entity("", result_system)(value, making, where)
    return {"type": "Device", "identifier": known} if known else None


def _range(value: Repetition, making: Making, where: str) -> Json | None:
    said = text.whole(value, making, where)
    return {"text": said} if said else None


OBX: Table = (
    Row("OBX-3", "code", codes.concept, "CWE[CodeableConcept]"),
    Row("OBX-4", "extension{observation-v2-subid}.extension+", _sub_id, "OG[Extension-Subidentifier]"),
    Row("OBX-7", "referenceRange+", _range),
    Row("OBX-8", "interpretation+", codes.tabled(INTERPRETATION), "CWE[CodeableConcept]", many=True),
    Row("OBX-9", f"extension{{{PROBABILITY}}}.valueDecimal", _probability),
    Row(
        "OBX-10", "extension{observation-nature-of-abnormal-test}.valueCodeableConcept",
        codes.tabled(ABNORMALITY), "CWE[CodeableConcept]",
    ),
    Row("OBX-11", "status", codes.mapped(OBSERVATION)),
    Row("OBX-14", "effectiveDateTime", times.date_time),
    Row("OBX-16", "performer+", people.practitioner, "XCN[Practitioner]", many=True),
    Row("OBX-17", "method", codes.concept, "CWE[CodeableConcept]"),
    Row("OBX-18", "device", _device, "EI[Identifier-Extension]"),
    Row("OBX-19", f"extension{{{EXTENSION}observation-analysis-date-time}}.valueDateTime", times.date_time),
    Row("OBX-20", "bodySite", codes.concept, "CWE[CodeableConcept]"),
    Row("OBX-21", "identifier+", entity("FILL", result_system), "EI[Identifier-Extension]"),
    Row("OBX-23", "performer+", people.organization, "XON[Organization]"),
)  # fmt: skip
OWNED = (
    "status", "code", "value[x]", "dataAbsentReason", "effective[x]", "interpretation", "referenceRange",
    "method", "bodySite", "device", "performer", "note", "category", "basedOn", "encounter", "specimen",
    "extension", "component",
)  # fmt: skip
