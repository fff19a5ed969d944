"""TXA and DocumentReference (HL7 v2.8 section 9.7.1)."""

from __future__ import annotations

from server.hl7v2.mapping.concepts.results import CONFIDENTIALITY, DOCUMENT
from server.hl7v2.mapping.convert import codes, people, text, times
from server.hl7v2.mapping.convert.identifiers import document_system, entity
from server.hl7v2.mapping.making import Making
from server.hl7v2.mapping.rows import Row, Table
from server.hl7v2.message import Repetition

_SUPERSEDED = {"OB": "superseded", "CA": "entered-in-error", "UN": "entered-in-error", "AV": "current"}


def _status(value: Repetition, _making: Making, _where: str) -> str | None:
    """Table 0273; HL7 maps AV only."""
    return _SUPERSEDED.get(text.token(value.text()))


TXA: Table = (
    Row("TXA-2", "type", codes.concept, "CWE[CodeableConcept]"),
    Row("TXA-6", "date", times.instant),
    Row("TXA-9", "author+", people.practitioner, "XCN[Practitioner]", many=True),
    Row("TXA-10", "authenticator", people.practitioner, "XCN[Practitioner]"),
    Row("TXA-12", "masterIdentifier", entity("", document_system), "EI[Identifier-Organization]"),
    Row("TXA-17", "docStatus", codes.mapped(DOCUMENT), "ID[code]"),
    Row("TXA-18", "securityLabel+", codes.tabled(CONFIDENTIALITY), "ID[CodeableConcept]"),
    Row("TXA-19", "status", _status, "ID[code]"),
    Row("TXA-25", "description", text.string),
)
OWNED = (
    "type", "date", "author", "authenticator", "docStatus", "securityLabel", "status", "description",
    "content",
)  # fmt: skip
